package io.isochron.objects;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** A process that creates objects {@code load/0}, {@code load/1}, ... and prints the number of each one it has created. */
final class ChildWriter implements AutoCloseable {
    private static final int BYTES = 200_000;

    private final Process process;

    private ChildWriter(Process process) {
        this.process = process;
    }

    static ChildWriter start(Path store, int seed, int count) throws IOException {
        return new ChildWriter(new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ChildWriter.class.getName(),
                        store.toString(),
                        Integer.toString(seed),
                        Integer.toString(count))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    static ObjectName name(int number) {
        return new ObjectName("load/" + number);
    }

    static byte[] bytes(int seed, int number) {
        return ObjectStoreContract.random(seed * 1_000_003L + number, BYTES);
    }

    public static void main(String[] arguments) throws IOException {
        FileSystemStore store = FileSystemStore.open(Path.of(arguments[0]));
        int seed = Integer.parseInt(arguments[1]);
        for (int number = 0; number < Integer.parseInt(arguments[2]); number++) {
            try {
                store.create(name(number), Content.of(bytes(seed, number)));
                System.out.println(number);
                System.out.flush();
            } catch (ObjectExistsException e) {
                // the other one was first
            }
        }
    }

    /** Kills it with SIGKILL after it has printed {@code after} numbers and some more time; returns all numbers it printed. */
    Set<Integer> killAfter(int after, long moreMillis) throws IOException, InterruptedException {
        Set<Integer> printed = new TreeSet<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            read(reader, printed, after);
            Thread.sleep(moreMillis);
            // not Process.destroyForcibly, which closes the stream with what was printed
            process.toHandle().destroyForcibly();
            read(reader, printed, Integer.MAX_VALUE);
        }
        process.waitFor();
        return printed;
    }

    /** Waits for its end; returns all numbers it printed. */
    Set<Integer> await() throws IOException, InterruptedException {
        Set<Integer> printed = new TreeSet<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            read(reader, printed, Integer.MAX_VALUE);
        }
        process.waitFor();
        return printed;
    }

    private static void read(BufferedReader reader, Set<Integer> printed, int count) throws IOException {
        String line;
        while (printed.size() < count && (line = reader.readLine()) != null) {
            printed.add(Integer.valueOf(line));
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
