package io.isochron.restore;

import io.isochron.chronicle.Certificate;
import io.isochron.chronicle.CutDocument;
import io.isochron.chronicle.CutRecheck;
import io.isochron.chronicle.Dialect;
import io.isochron.chronicle.RecordedParts;
import io.isochron.chronicle.Segment;
import io.isochron.chronicle.ShardBoundary;
import io.isochron.store.DocumentMac;
import io.isochron.store.Repository;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Writes certificates of cuts as files, and checks them against the archived WAL. */
public final class CutCertificates {
    private static final int SHARDS_AT_ONCE = 4;

    /**
     * What a check found.
     *
     * @param certificate what was checked
     * @param differences between the certificate and what the WAL gives; empty if they agree
     * @param walBytes how much WAL was parsed
     * @param recorded how many stretches of WAL have times, clock readings, safe points and fences taken from the certificate
     * @param preparedTaken how many transactions, prepared before the WAL that was parsed, were taken from the certificate
     */
    public record Checked(
            Certificate certificate, List<String> differences, long walBytes, int recorded, int preparedTaken) {
        public Checked {
            differences = List.copyOf(differences);
        }
    }

    private final Repository repository;
    private final DocumentMac mac;

    public CutCertificates(Repository repository) {
        this.repository = repository;
        this.mac = repository.mac("cut-certificate");
    }

    /** The file of a cut. */
    public byte[] write(CutFinder.Found found) {
        CutDocument document = new CutDocument(
                repository.id().toString(),
                new Certificate(repository.cluster().name(), found.cut()),
                RecordedParts.of(found.history(), found.cut()),
                null);
        String tag = Base64.getEncoder().encodeToString(mac.tag(document.authenticated()));
        return new CutDocument(
                        document.repository(),
                        document.certificate(),
                        document.recorded(),
                        new CutDocument.Mac(mac.keyId(), tag))
                .toJson();
    }

    /**
     * Checks a file: that it is this repository's and unchanged, and that its cut comes out of the archived WAL again. The chronicle is not read.
     *
     * @param name of the file, for messages
     * @throws RestoreException if it is not an unchanged certificate of this repository, or WAL is missing or damaged
     * @throws IOException if the repository cannot be read or is damaged
     */
    public Checked verify(String name, byte[] file, Dialect dialect) throws IOException {
        CutDocument document = open(name, file);
        Certificate certificate = document.certificate();
        if (!certificate.cut().dialect().equals(dialect.name())) {
            throw new RestoreException(
                    "certificate " + name + " was computed with dialect "
                            + certificate.cut().dialect() + ", the configuration says " + dialect.name(),
                    "set the dialect that held when it was made");
        }
        Map<String, List<Segment>> byShard = new LinkedHashMap<>();
        for (ShardBoundary boundary : certificate.cut().boundaries()) {
            byShard.put(boundary.shard(), new ArrayList<>());
        }
        for (Segment segment : document.recorded()) {
            List<Segment> own = byShard.get(segment.shard());
            if (own != null) {
                own.add(segment);
            }
        }
        List<Future<WalRebuild.Rebuilt>> reading = new ArrayList<>();
        List<Segment> filled = new ArrayList<>();
        long bytes = 0;
        int taken = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(SHARDS_AT_ONCE)) {
            byShard.forEach((shard, bare) ->
                    reading.add(threads.submit(() -> new WalRebuild(repository, shard).rebuild(bare))));
            for (Future<WalRebuild.Rebuilt> one : reading) {
                WalRebuild.Rebuilt rebuilt = ChronicleReader.get(one);
                filled.addAll(rebuilt.segments());
                bytes += rebuilt.walBytes();
                taken += rebuilt.preparedTaken();
            }
        }
        List<String> differences = new ArrayList<>(CutRecheck.differences(certificate.cut(), dialect, filled));
        List<String> members =
                repository.membership().at(certificate.cut().moment()).shards();
        if (!Set.copyOf(members).equals(byShard.keySet())) {
            differences.add("members of the cluster: certificate " + String.join(", ", byShard.keySet())
                    + ", repository " + String.join(", ", members));
        }
        return new Checked(certificate, differences, bytes, document.recorded().size(), taken);
    }

    private CutDocument open(String name, byte[] file) throws RestoreException {
        CutDocument document;
        try {
            document = CutDocument.fromJson(file);
        } catch (IllegalArgumentException e) {
            throw new RestoreException(
                    "certificate " + name + " cannot be trusted: " + e.getMessage(),
                    "use the file as `isochron cut --certificate` wrote it",
                    e);
        }
        if (!document.repository().equals(repository.id().toString())) {
            throw new RestoreException(
                    "certificate " + name + " is of repository " + document.repository() + " (cluster "
                            + document.certificate().cluster() + "), this is " + repository.id(),
                    "name the configuration of the repository that it was made from");
        }
        CutDocument.Mac code = document.mac();
        if (code == null || !mac.knows(code.keyId())) {
            throw new RestoreException(
                    "certificate " + name + " was authenticated with key " + (code == null ? "none" : code.keyId())
                            + ", which this repository's key file does not have",
                    "use the key file of the time when it was made");
        }
        if (!mac.fits(tag(code), document.authenticated())) {
            throw new RestoreException(
                    "certificate " + name + " cannot be trusted: its authentication code does not fit its content",
                    "it was changed after it was made, or made by someone without the repository's key");
        }
        return document;
    }

    private static byte[] tag(CutDocument.Mac code) {
        try {
            return Base64.getDecoder().decode(code.tag());
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }
}
