package io.isochron.store;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * Wraps keys by external programs, such as the command lines of cloud providers and of Vault. A program gets on standard input what it is to encrypt or decrypt and gives the result on standard output, bytes as they are. Key
 * material is never in its arguments or its environment. Where an argument has <code>{context}</code> the context stands in its place.
 *
 * <p>Exit code 0 is success; 65 (EX_DATAERR) and 77 (EX_NOPERM of sysexits.h) are a refusal that is certain; with every other one, or after the time limit, nothing can be told.
 */
public final class KeyProgram implements KeyWrapping {
    /** Where the context goes. */
    public static final String CONTEXT = "{context}";

    private static final int REFUSED_DATA = 65;
    private static final int REFUSED_PERMISSION = 77;
    private static final int MAX_BYTES = 1 << 20;
    private static final int QUOTED = 500;
    /** So many characters of key material in a program's complaint, and it is not shown. */
    private static final int TELLTALE = 12;

    private final String name;
    private final List<String> wrap;
    private final List<String> unwrap;
    private final Duration limit;

    /**
     * @param wrap the program that encrypts, with its arguments; not empty
     * @param unwrap the program that decrypts
     * @param limit how long each may take
     */
    public KeyProgram(String name, List<String> wrap, List<String> unwrap, Duration limit) {
        if (wrap.isEmpty() || unwrap.isEmpty()) {
            throw new IllegalArgumentException("a program that wraps keys has no name");
        }
        this.name = name;
        this.wrap = List.copyOf(wrap);
        this.unwrap = List.copyOf(unwrap);
        this.limit = limit;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public byte[] wrap(byte[] keyset, String context) throws IOException {
        return run(true, wrap, keyset, context);
    }

    @Override
    public byte[] unwrap(byte[] wrapped, String context) throws IOException {
        return run(false, unwrap, wrapped, context);
    }

    private byte[] run(boolean wraps, List<String> command, byte[] input, String context) throws IOException {
        String who = "program " + command.getFirst() + ", which is to " + (wraps ? "wrap" : "unwrap") + " the key,";
        Process process;
        try {
            process = new ProcessBuilder(command.stream()
                            .map(argument -> argument.replace(CONTEXT, context))
                            .toList())
                    .start();
        } catch (IOException e) {
            throw new IOException(
                    who
                            + " cannot be started\nhint: look at repository.key-wrapping, and whether the program is installed",
                    e);
        }
        try {
            FutureTask<byte[]> out = reading(process.getInputStream());
            FutureTask<byte[]> err = reading(process.getErrorStream());
            Thread.ofVirtual().start(() -> feed(process, input));
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException(who + " did not end within " + limit.toMillis()
                        + " ms\nhint: run it by hand; the service behind it may be out of reach");
            }
            // a program that left children behind may have left them its output, too
            byte[] result = out.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            byte[] complaint = err.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            int code = process.exitValue();
            if (code != 0) {
                String message = who + " ended with exit code " + code + quoted(complaint, wraps ? input : result);
                if (code == REFUSED_DATA || code == REFUSED_PERMISSION) {
                    throw new KeyWrappingRefusedException(message
                            + "\nhint: the key file may be of another wrapping key, or this user may not use it");
                }
                throw new IOException(message + "\nhint: run it by hand; nothing was changed");
            }
            if (result.length == 0 || result.length > MAX_BYTES) {
                throw new IOException(who + " gave " + (result.length == 0 ? "nothing" : "more than a key can be")
                        + " on standard output\nhint: it is to print the result there and nothing else");
            }
            return result;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException) new InterruptedIOException(who + " was interrupted").initCause(e);
        } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new IOException(who + " does not let its output be read\nhint: run it by hand", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static FutureTask<byte[]> reading(InputStream stream) {
        FutureTask<byte[]> task = new FutureTask<>(() -> {
            try (stream) {
                ByteArrayOutputStream kept = new ByteArrayOutputStream();
                byte[] buffer = new byte[8192];
                // whatever is beyond the limit is read and forgotten, so that the program does not wait for us
                for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
                    kept.write(buffer, 0, Math.min(n, MAX_BYTES + 1 - kept.size()));
                }
                return kept.toByteArray();
            }
        });
        Thread.ofVirtual().start(task);
        return task;
    }

    private static void feed(Process process, byte[] input) {
        try (OutputStream in = process.getOutputStream()) {
            in.write(input);
        } catch (IOException e) {
            // it ended without reading everything: its exit code or its output says what that means
        }
    }

    /** What a program printed to standard error, unless it repeats what nobody may see. */
    private static String quoted(byte[] complaint, byte[] secret) {
        String text = new String(complaint, StandardCharsets.UTF_8)
                .replaceAll("[^\\P{Cntrl}\\n]", " ")
                .strip();
        if (text.isEmpty()) {
            return "";
        }
        String plain = new String(secret, StandardCharsets.ISO_8859_1);
        if (repeats(text, plain) || repeats(text, Base64.getEncoder().encodeToString(secret))) {
            return " and printed what may be key material, which is not shown";
        }
        return ": " + (text.length() > QUOTED ? text.substring(0, QUOTED) + "…" : text).replace('\n', ' ');
    }

    private static boolean repeats(String text, String secret) {
        for (int at = 0; at + TELLTALE <= secret.length(); at++) {
            if (text.contains(secret.substring(at, at + TELLTALE))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyProgram program
                && name.equals(program.name)
                && wrap.equals(program.wrap)
                && unwrap.equals(program.unwrap)
                && limit.equals(program.limit);
    }

    @Override
    public int hashCode() {
        return Arrays.asList(name, wrap, unwrap, limit).hashCode();
    }
}
