package io.isochron.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the arrows of docs/architecture.md. */
class ArchitectureTest {
    private static final Map<String, List<String>> MAY_USE = new TreeMap<>(Map.ofEntries(
            Map.entry("wal", List.of()),
            Map.entry("objects", List.of()),
            Map.entry("store", List.of("objects")),
            Map.entry("instance", List.of()),
            Map.entry("workload", List.of()),
            Map.entry("handover", List.of()),
            Map.entry("wire", List.of("wal")),
            Map.entry("chronicle", List.of("wal")),
            Map.entry("capture", List.of("wal", "wire", "objects", "store", "chronicle")),
            Map.entry("restore", List.of("wal", "wire", "objects", "store", "chronicle", "instance")),
            Map.entry("upkeep", List.of("wal", "objects", "store", "chronicle", "restore")),
            Map.entry(
                    "demo",
                    List.of(
                            "wal",
                            "wire",
                            "objects",
                            "store",
                            "chronicle",
                            "instance",
                            "workload",
                            "capture",
                            "restore",
                            "handover")),
            Map.entry(
                    "app",
                    List.of(
                            "wal",
                            "wire",
                            "objects",
                            "store",
                            "chronicle",
                            "instance",
                            "capture",
                            "restore",
                            "handover",
                            "upkeep",
                            "demo"))));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            // what a room's tests lend to those of others
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.isochron");

    @Test
    void everyRoomIsHereAndKnown() {
        assertThat(CLASSES.stream()
                        .map(c -> c.getPackageName().split("\\.")[2])
                        .filter(room -> !room.equals("testkit"))
                        .distinct()
                        .sorted())
                .containsExactlyElementsOf(MAY_USE.keySet());
    }

    @Test
    void aRoomUsesOnlyTheRoomsBelowIt() {
        MAY_USE.forEach((room, allowed) -> {
            String[] others = MAY_USE.keySet().stream()
                    .filter(other -> !other.equals(room) && !allowed.contains(other))
                    .map(other -> "io.isochron." + other + "..")
                    .toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage("io.isochron." + room + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(others)
                    .check(CLASSES);
        });
    }

    @Test
    void everyRoomIsOneFlatPackage() {
        assertThat(CLASSES.stream().map(JavaClass::getPackageName).distinct())
                .allMatch(name -> name.split("\\.").length == 3);
    }

    @Test
    void productionCodeNeverUsesWhatIsForTests() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.isochron.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.isochron.testkit..", "org.junit..", "org.assertj..")
                .check(CLASSES);
    }

    @Test
    void walAndChronicleHaveNoFilesNoSocketsAndNoClockOfTheirOwn() {
        noClasses()
                .that()
                .resideInAnyPackage("io.isochron.wal..", "io.isochron.chronicle..")
                .should()
                .dependOnClassesThat(inPackagesOrNamed(
                                List.of(
                                        "java.io",
                                        "java.net",
                                        "java.nio.file",
                                        "java.nio.channels",
                                        "java.sql",
                                        "org.slf4j"),
                                List.of(
                                        "java.time.Clock",
                                        "java.util.Random",
                                        "java.lang.Thread",
                                        "java.lang.ProcessBuilder"))
                        .and(notAmong("java.io.Serializable", "java.io.ByteArrayOutputStream", "java.io.PrintStream")))
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAnyPackage("io.isochron.wal..", "io.isochron.chronicle..")
                .should()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class)
                .check(CLASSES);
    }

    @Test
    void onlyAppAndDemoKnowHowToTalkToPeople() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.isochron.app..", "io.isochron.demo..", "io.isochron.testkit..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .check(CLASSES);
    }

    private static DescribedPredicate<JavaClass> inPackagesOrNamed(List<String> packages, List<String> names) {
        return DescribedPredicate.describe(
                "are in " + packages + " or are " + names,
                c -> packages.contains(c.getPackageName()) || names.contains(c.getName()));
    }

    private static DescribedPredicate<JavaClass> notAmong(String... names) {
        List<String> known = Arrays.asList(names);
        return DescribedPredicate.describe(
                "are not " + known, c -> Stream.of(c.getName()).noneMatch(known::contains));
    }
}
