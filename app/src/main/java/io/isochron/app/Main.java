package io.isochron.app;

/** Where the process begins. */
public final class Main {
    private Main() {}

    /** Runs one command and ends the process with its exit code ({@code docs/cli.md}). */
    public static void main(String[] args) {
        Host host = Host.system();
        Cancellation cancellation = Cancellation.install(host.err());
        int status = new Cli(host, cancellation).run(args);
        cancellation.finished(status);
        System.exit(status);
    }
}
