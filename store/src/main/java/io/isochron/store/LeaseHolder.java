package io.isochron.store;

/**
 * Who holds a lease.
 *
 * @param user the operating system's user
 * @param host the machine
 * @param process the process id there
 * @param program version of the program
 */
public record LeaseHolder(String user, String host, long process, String program) {
    /** This process. */
    public static LeaseHolder self(String host, String program) {
        return new LeaseHolder(
                System.getProperty("user.name", "unknown"),
                host,
                ProcessHandle.current().pid(),
                program);
    }

    /** For people. */
    public String describe() {
        return user + "@" + host + " (process " + process + ")";
    }
}
