package io.isochron.app;

/** How the program ends. The numbers and names are a contract with scripts (docs/cli.md) and never change their meaning. */
enum ExitCode {
    OK(0, "ok", "the work was done, and everything that was checked held"),
    FAILED(1, "failed", "the work failed; the message says why"),
    USAGE(2, "usage", "the command line is wrong"),
    CONFIG(3, "config", "isochron.yaml is missing or wrong"),
    REFUSED(4, "refused", "refused before anything was touched: an unreachable moment, a target that is not empty"),
    DAMAGED(5, "damaged", "damaged or missing data was found in the repository"),
    PROOF_FAILED(6, "proof-failed", "a restored cluster, or a certificate, does not hold what was to be proven"),
    CHECK_FAILED(7, "check-failed", "a shard is not fit to be captured"),
    UNREACHABLE(8, "unreachable", "a PostgreSQL server cannot be reached or refuses the connection"),
    REPOSITORY(9, "repository", "no repository, one of another cluster, or the wrong key"),
    NO_SPACE(10, "no-space", "no space left where data must be written"),
    CANCELLED(11, "cancelled", "stopped by Ctrl-C or SIGTERM; run it again to go on"),
    INTERNAL(70, "internal", "a defect of Isochron itself");

    private final int number;
    private final String label;
    private final String meaning;

    ExitCode(int number, String label, String meaning) {
        this.number = number;
        this.label = label;
        this.meaning = meaning;
    }

    /** The process' exit status, 0 to 125. */
    int number() {
        return number;
    }

    /** The name in JSON errors. */
    String label() {
        return label;
    }

    /** One line for the help. */
    String meaning() {
        return meaning;
    }
}
