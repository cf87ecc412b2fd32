package io.isochron.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.isochron.chronicle.Certificate;
import io.isochron.chronicle.Cut;
import io.isochron.chronicle.CutDocument;
import io.isochron.objects.FileSystemStore;
import io.isochron.store.Repository;
import io.isochron.store.RepositoryKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** What `cut --at` and `cut verify` answer. A part of {@link CliJourneyTest}. */
final class CutJourney {
    private static final String FILE = "incident.cut";

    private final TestHost host;
    private final Path home;

    CutJourney(TestHost host, Path home) {
        this.host = host;
        this.home = home;
    }

    /** The cut is the one that the plan takes, with the incident just outside on the shard of its first commit. */
    void at(String target, Map<?, ?> plan) {
        Map<?, ?> cut = json("cut", "--at", target, "--output", "json");
        assertThat(cut.get("grade")).asString().isEqualToIgnoringCase("atomic");
        List<?> shards = (List<?>) cut.get("shards");
        assertThat(shards).as(host.all()).hasSize(2);
        for (int i = 0; i < 2; i++) {
            Map<?, ?> shard = (Map<?, ?>) shards.get(i);
            assertThat(shard.get("boundary"))
                    .isEqualTo(((Map<?, ?>) ((List<?>) plan.get("shards")).get(i)).get("boundary"));
        }
        // on the shard of the transaction's first commit, the boundary lies exactly before it
        assertThat(shards.stream().map(shard -> gidOutside((Map<?, ?>) shard)))
                .as(host.all())
                .anyMatch(gid -> gid.startsWith("7_YmFk_"));
        assertThat((List<?>) cut.get("decisions")).as(host.all()).hasSize(2);
        for (Object decision : (List<?>) cut.get("decisions")) {
            assertThat(((Map<?, ?>) decision).get("commit")).as(host.all()).isEqualTo(false);
            assertThat(((Map<?, ?>) decision).get("reason")).asString().isNotBlank();
        }
        ok("cut", "--target", target);
        assertThat(host.out()).contains("last inside", "first outside", "in doubt", "'7_YmFk_");
        assertThat(host.run("cut", "--at", target, "--target", target)).isEqualTo(ExitCode.USAGE.number());
        assertThat(host.run("cut", "--at", "2001-01-01T00:00:00Z")).isEqualTo(ExitCode.REFUSED.number());
        assertThat(host.all()).contains("nearest reachable moments");
        assertThat(host.run("cut", "--at", "point:nobody made this")).isEqualTo(ExitCode.REFUSED.number());
    }

    /** A certificate agrees with the WAL; a changed one, one of another repository, of another key, or a wrong one does not. */
    void certificate(String target) throws Exception {
        ok("cut", "--at", target, "--certificate", FILE);
        Map<?, ?> checked = json("cut", "verify", FILE, "--output", "json");
        assertThat(checked.get("agrees")).as(host.all()).isEqualTo(true);
        assertThat(((Number) checked.get("walBytes")).longValue()).isPositive();
        assertThat(checked.get("decisions")).isEqualTo(2);

        byte[] file = Files.readAllBytes(home.resolve(FILE));
        CutDocument document = CutDocument.fromJson(file);
        String text = new String(file, StandardCharsets.UTF_8);
        refused(text.replace("\"ROLLBACK\"", "\"COMMIT\""), "authentication code does not fit");
        refused(text.replace("\"grade\"", " \"grade\""), "changed after it was written");
        refused(text.replace(document.repository(), "00000000-0000-0000-0000-000000000000"), "is of repository 0000");
        refused(text.replace("\"key\" : \"", "\"key\" : \"0"), "which this repository's key file does not have");
        refused("{}", "not a certificate of version 1");

        forge(document);
        assertThat(host.run("cut", "verify", "forged.cut")).as(host.all()).isEqualTo(ExitCode.PROOF_FAILED.number());
        assertThat(host.out()).contains("difference: decision only by the WAL: shard ", "'7_YmFk_");
        assertThat(host.run("cut", "verify", "nowhere.cut")).isEqualTo(ExitCode.FAILED.number());
    }

    private void refused(String text, String message) throws Exception {
        Files.writeString(home.resolve("other.cut"), text);
        assertThat(host.run("cut", "verify", "other.cut")).as(host.all()).isEqualTo(ExitCode.FAILED.number());
        assertThat(host.err()).contains(message, "hint: ");
    }

    /** As someone would who has the key: the decisions are gone, and the code fits. */
    private void forge(CutDocument document) throws Exception {
        Repository repository = Repository.open(
                FileSystemStore.open(home.resolve("repository")), RepositoryKey.load(home.resolve("key")));
        Cut cut = document.certificate().cut();
        Cut wrong = new Cut(
                cut.target(),
                cut.momentMicros(),
                cut.grade(),
                cut.gradeReason(),
                cut.epsilonMicros(),
                cut.dialect(),
                cut.boundaries(),
                List.of(),
                cut.lateCommits(),
                cut.unknownGids(),
                cut.notes(),
                cut.segments());
        CutDocument bare = new CutDocument(
                document.repository(),
                new Certificate(document.certificate().cluster(), wrong),
                document.recorded(),
                null);
        String tag = Base64.getEncoder()
                .encodeToString(repository.mac("cut-certificate").tag(bare.authenticated()));
        CutDocument.Mac mac =
                new CutDocument.Mac(repository.mac("cut-certificate").keyId(), tag);
        Files.write(
                home.resolve("forged.cut"),
                new CutDocument(bare.repository(), bare.certificate(), bare.recorded(), mac).toJson());
    }

    /** Damaged WAL is said to be that. */
    void damaged() {
        assertThat(host.run("cut", "verify", FILE)).as(host.all()).isEqualTo(ExitCode.DAMAGED.number());
    }

    private static String gidOutside(Map<?, ?> shard) {
        return shard.get("firstOutside") instanceof Map<?, ?> commit ? String.valueOf(commit.get("gid")) : "";
    }

    private void ok(String... args) {
        assertThat(host.run(args))
                .as(() -> String.join(" ", args) + "\n" + host.all())
                .isZero();
    }

    private Map<?, ?> json(String... args) {
        ok(args);
        return (Map<?, ?>) Json.read(host.out().getBytes(StandardCharsets.UTF_8));
    }
}
