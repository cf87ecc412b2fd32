package io.isochron.objects;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server that answers as it is told, for what no good store does. */
final class RawS3 implements AutoCloseable {
    interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    RawS3(Answer answer) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                answer.to(exchange);
            }
        });
        server.start();
    }

    S3Settings settings() {
        return S3Settings.of(
                TestS3.BUCKET,
                "",
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
                null);
    }

    S3Store store() throws StoreException {
        return TestS3.store(settings());
    }

    /** Sends a status with an error as S3 writes it. */
    static void error(HttpExchange exchange, int status, String code) throws IOException {
        byte[] body = ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code + "</Code><Message>because "
                        + code + "</Message><RequestId>r-1</RequestId></Error>")
                .getBytes(StandardCharsets.UTF_8);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        exchange.getResponseHeaders().set("Content-Type", "application/xml");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    /** Announces {@code announced} bytes and sends {@code body}, which may be less. */
    static void part(HttpExchange exchange, int status, String range, long announced, byte[] body) throws IOException {
        if (range != null) {
            exchange.getResponseHeaders().set("Content-Range", range);
        }
        exchange.sendResponseHeaders(status, announced);
        OutputStream out = exchange.getResponseBody();
        out.write(body);
        out.flush();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
