package io.isochron.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

class UnixSocketFactoryTest {
    private static Path directory;
    private static PostgresInstance instance;

    @BeforeAll
    static void startServer() throws Exception {
        RunAs runAs = RunAs.current();
        directory = TempDirs.create("icins-", runAs);
        instance = PostgresInstance.builder(EmbeddedBinaries.installation(17), directory.resolve("data"), directory)
                .endsWithJvm(true)
                .build();
        instance.initdb(PostgresInstance.InitOptions.defaults());
        instance.start(Map.of("fsync", "off", "shared_buffers", "16MB"));
    }

    @AfterAll
    static void stopServer() throws Exception {
        instance.close();
        TempDirs.delete(directory);
    }

    @Test
    void aQueryThatRunsLongerThanItsTimeoutIsCancelledAndTheSessionGoesOn() throws Exception {
        try (Connection connection = instance.jdbc("postgres");
                Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(3); // it cancels once: by then the query must have come to the server
            assertThatThrownBy(() -> statement.execute("select pg_sleep(60)"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
            statement.setQueryTimeout(0);
            assertThat(statement.execute("select 1")).isTrue();
        }
    }

    @Test
    void aQueryIsCancelledFromAnotherThread() throws Exception {
        try (Connection connection = instance.jdbc("postgres");
                Statement statement = connection.createStatement()) {
            // again and again: a cancel that comes before the query began hits nothing
            AtomicBoolean over = new AtomicBoolean();
            CompletableFuture<Void> cancel = CompletableFuture.runAsync(() -> {
                try {
                    while (!over.get()) {
                        Thread.sleep(200);
                        statement.cancel();
                    }
                } catch (SQLException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThatThrownBy(() -> statement.execute("select pg_sleep(60)"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
            over.set(true);
            cancel.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void aSocketTimeoutEndsASilentSession() throws Exception {
        try (Connection connection = instance.jdbc("postgres");
                Statement statement = connection.createStatement()) {
            connection.setNetworkTimeout(Runnable::run, 1000); // not before: logging in may take its time
            long begin = System.nanoTime();
            assertThatThrownBy(() -> statement.execute("select pg_sleep(60)"))
                    .isInstanceOf(SQLException.class)
                    .hasRootCauseInstanceOf(SocketTimeoutException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .isBetween(Duration.ofMillis(900), Duration.ofSeconds(30));
        }
    }

    @Test
    void copyMovesMegabytesInBothDirections() throws Exception {
        String line = "x".repeat(99) + "\n";
        String text = line.repeat(50_000);
        try (Connection connection = instance.jdbc("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create temporary table copied (t text)");
            CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
            assertThat(copy.copyIn("copy copied from stdin", new StringReader(text)))
                    .isEqualTo(50_000);
            StringWriter back = new StringWriter();
            copy.copyOut("copy copied to stdout", back);
            assertThat(back.toString()).isEqualTo(text);
        }
    }

    @Test
    void closingTheSocketFromAnotherThreadEndsARead() throws Exception {
        try (ServerSocketChannel server = listen("closing")) {
            Socket socket = connect("closing");
            CompletableFuture<Throwable> outcome = CompletableFuture.supplyAsync(() -> {
                try {
                    return new IOException("read " + socket.getInputStream().read());
                } catch (IOException e) {
                    return e;
                }
            });
            Thread.sleep(200);
            socket.close();
            assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(SocketException.class);
            assertThat(socket.isClosed()).isTrue();
            assertThat(server.isOpen()).isTrue();
        }
    }

    @Test
    void aWriteWaitsForASlowReaderAndArrivesWhole() throws Exception {
        byte[] sent = new byte[3_000_000];
        new Random(7).nextBytes(sent);
        try (ServerSocketChannel server = listen("slow");
                Socket socket = connect("slow");
                SocketChannel reader = server.accept()) {
            CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
                try {
                    socket.getOutputStream().write(sent);
                    socket.shutdownOutput();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            Thread.sleep(200);
            assertThat(writer).isNotDone();
            ByteBuffer received = ByteBuffer.allocate(sent.length + 1);
            while (reader.read(received) >= 0) {
                Thread.onSpinWait();
            }
            writer.get(60, TimeUnit.SECONDS);
            assertThat(Arrays.copyOf(received.array(), received.position())).isEqualTo(sent);
        }
    }

    @Test
    void aSocketThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> connect("absent"))
                .isInstanceOf(java.net.ConnectException.class)
                .hasMessageContaining("absent");
    }

    private static ServerSocketChannel listen(String name) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(directory.resolve(name)));
        return server;
    }

    private static Socket connect(String name) throws IOException {
        Socket socket = new UnixSocketFactory(directory.resolve(name).toString()).createSocket();
        socket.connect(InetSocketAddress.createUnresolved("localhost", 5432), 1000);
        return socket;
    }
}
