package io.isochron.wire;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.SSLException;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** Finds a server among the endpoints of the settings, negotiates TLS and logs in, for physical replication or for SQL. */
final class Connector {
    private static final int SSL_REQUEST = 80_877_103;
    private static final int PROTOCOL_3_0 = 196_608;
    private static final String CANNOT_CONNECT_NOW = "57P03";

    private final ConnectionSettings settings;
    private boolean replication = true;

    Connector(ConnectionSettings settings) {
        this.settings = settings;
    }

    /**
     * Tries one endpoint after the other, each of its addresses, until a server lets us in.
     *
     * @throws PostgresException if a server refuses the login; the endpoints after it are not tried, as in libpq
     * @throws ConnectException if no server can be reached; names each endpoint and its reason
     */
    Backend connect() throws IOException {
        List<IOException> failures = new ArrayList<>();
        String wanted = settings.get("target_session_attrs", "any");
        for (String attributes : wanted.equals("prefer-standby") ? List.of("standby", "any") : List.of(wanted)) {
            for (Endpoint endpoint : shuffled(settings.endpoints())) {
                List<SocketAddress> addresses;
                try {
                    addresses = addresses(endpoint);
                } catch (UnknownHostException e) {
                    failures.add(cannotConnect(endpoint, "the host name cannot be resolved", e));
                    continue;
                }
                for (SocketAddress address : addresses) {
                    try {
                        return checked(connect(endpoint, address), attributes);
                    } catch (PostgresException e) {
                        if (!e.sqlState().equals(CANNOT_CONNECT_NOW)) {
                            throw e;
                        }
                        failures.add(e);
                    } catch (ConnectException | SocketTimeoutException e) {
                        failures.add(e);
                    }
                }
            }
        }
        if (failures.size() == 1) {
            throw failures.getFirst();
        }
        ConnectException all = new ConnectException(
                String.join("\n", failures.stream().map(Backend::reason).toList()));
        failures.forEach(all::addSuppressed);
        throw all;
    }

    /** As {@link #connect}, for SQL in the settings' database instead of replication. */
    Backend connectForSql() throws IOException {
        replication = false;
        return connect();
    }

    private List<Endpoint> shuffled(List<Endpoint> endpoints) {
        List<Endpoint> order = new ArrayList<>(endpoints);
        if (settings.get("load_balance_hosts", "disable").equals("random")) {
            Collections.shuffle(order);
        }
        return order;
    }

    private static List<SocketAddress> addresses(Endpoint endpoint) throws UnknownHostException {
        if (endpoint.isUnix()) {
            return List.of(UnixDomainSocketAddress.of(endpoint.socketPath()));
        }
        String name = endpoint.address() == null ? endpoint.host() : endpoint.address();
        return Arrays.stream(InetAddress.getAllByName(name))
                .<SocketAddress>map(a -> new InetSocketAddress(a, endpoint.port()))
                .toList();
    }

    private Backend checked(Backend backend, String attributes) throws IOException {
        String standby = backend.parameter("in_hot_standby");
        String readOnly = backend.parameter("default_transaction_read_only");
        boolean inRecovery = "on".equals(standby);
        boolean writable = !inRecovery && !"on".equals(readOnly);
        boolean fits = switch (attributes) {
            case "primary" -> !inRecovery;
            case "standby" -> inRecovery;
            case "read-write" -> writable;
            case "read-only" -> !writable;
            default -> true;
        };
        if (fits) {
            return backend;
        }
        backend.close();
        throw new ConnectException(backend.where() + ": the server is not what target_session_attrs=" + attributes
                + " asks for\nhint: Name the host of another server of the cluster, or change target_session_attrs.");
    }

    private Backend connect(Endpoint endpoint, SocketAddress address) throws IOException {
        String mode = endpoint.isUnix() ? "disable" : settings.sslMode();
        boolean tlsFirst = !mode.equals("disable") && !mode.equals("allow");
        Attempt first = new Attempt(endpoint, address, tlsFirst);
        try {
            return first.run();
        } catch (PostgresException | SSLException e) {
            // allow and prefer have a second choice, as long as the server was not given anything secret.
            boolean secondChoice = mode.equals("allow") || (mode.equals("prefer") && first.usedTls);
            if (!secondChoice || first.authenticationAsked) {
                throw describe(endpoint, e);
            }
            try {
                return new Attempt(endpoint, address, !tlsFirst).run();
            } catch (IOException second) {
                second.addSuppressed(e);
                throw describe(endpoint, second);
            }
        } catch (IOException e) {
            throw describe(endpoint, e);
        }
    }

    private IOException describe(Endpoint endpoint, IOException e) {
        return switch (e) {
            case PostgresException p -> p;
            case SSLException s -> cannotConnect(endpoint, "TLS failed: " + Backend.reason(s), s);
            case SocketTimeoutException s -> {
                SocketTimeoutException named =
                        new SocketTimeoutException("cannot connect to " + endpoint + ": " + Backend.reason(s)
                                + "\nhint: Is the address right, and does a firewall let the connection through?");
                named.initCause(s);
                yield named;
            }
            case java.io.InterruptedIOException i -> i;
            case ConnectException c ->
                Backend.reason(c).contains(endpoint.toString()) ? c : cannotConnect(endpoint, Backend.reason(c), c);
            default -> cannotConnect(endpoint, Backend.reason(e), e);
        };
    }

    private static ConnectException cannotConnect(Endpoint endpoint, String reason, IOException cause) {
        ConnectException e = new ConnectException("cannot connect to " + endpoint + ": " + reason
                + (reason.contains("\nhint: ")
                        ? ""
                        : "\nhint: Is the server running there and accepting connections?"));
        e.initCause(cause);
        return e;
    }

    /** One connection, with or without TLS. */
    private final class Attempt {
        private final Endpoint endpoint;
        private final SocketAddress address;
        private final boolean tls;
        private boolean usedTls;
        private boolean authenticationAsked;

        Attempt(Endpoint endpoint, SocketAddress address, boolean tls) {
            this.endpoint = endpoint;
            this.address = address;
            this.tls = tls;
        }

        Backend run() throws IOException {
            int seconds = settings.seconds("connect_timeout");
            Deadline deadline =
                    seconds == 0 ? Deadline.NEVER : Deadline.after(Duration.ofSeconds(Math.max(2, seconds)));
            SocketChannel channel =
                    endpoint.isUnix() ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
            if (!endpoint.isUnix()) {
                tune(channel);
            }
            ChannelTransport plain = ChannelTransport.connect(channel, address, deadline);
            try {
                TlsTransport secured = tls ? negotiate(plain, deadline) : null;
                usedTls = secured != null;
                Backend backend = new Backend(
                        new MessageChannel(secured == null ? plain : secured),
                        endpoint,
                        endpoint + " user \"" + settings.user() + "\"");
                logIn(backend, secured, deadline);
                return backend;
            } catch (IOException | RuntimeException e) {
                plain.close();
                throw e;
            }
        }

        private void tune(SocketChannel channel) throws IOException {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            boolean keepAlive = settings.get("keepalives", "1").equals("1");
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, keepAlive);
            if (keepAlive) {
                option(channel, ExtendedSocketOptions.TCP_KEEPIDLE, settings.seconds("keepalives_idle"));
                option(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, settings.seconds("keepalives_interval"));
                option(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, settings.seconds("keepalives_count"));
            }
        }

        private static void option(SocketChannel channel, java.net.SocketOption<Integer> option, int value)
                throws IOException {
            if (value > 0 && channel.supportedOptions().contains(option)) {
                channel.setOption(option, value);
            }
        }

        /** Asks for TLS; null if the server has none and the mode does not insist. */
        private @Nullable TlsTransport negotiate(ChannelTransport plain, Deadline deadline) throws IOException {
            String mode = settings.sslMode();
            if (settings.get("sslnegotiation", "postgres").equals("direct")) {
                if (mode.equals("allow") || mode.equals("prefer")) {
                    throw new ConnectException("weak sslmode '" + mode
                            + "' may not be used with sslnegotiation=direct\nhint: Use sslmode=require or better.");
                }
                return TlsTransport.handshake(plain, TlsSettings.engine(settings, endpoint), deadline);
            }
            plain.write(MessageBuilder.startup(SSL_REQUEST).finish());
            // Exactly one byte: anything more would have come before encryption and could be forged.
            ByteBuffer answer = ByteBuffer.allocate(1);
            int count = plain.read(answer, deadline);
            if (count == 0) {
                throw new SocketTimeoutException("no answer in time");
            }
            if (count < 0) {
                throw new ConnectException("the server closed the connection");
            }
            return switch (answer.get(0)) {
                case 'S' -> TlsTransport.handshake(plain, TlsSettings.engine(settings, endpoint), deadline);
                case 'N' -> {
                    if (!mode.equals("prefer") && !mode.equals("allow")) {
                        throw new ConnectException("the server does not support TLS, but sslmode=" + mode
                                + " was required\nhint: Set ssl=on on the server.");
                    }
                    yield null;
                }
                default ->
                    throw new ProtocolException("unexpected answer '" + MessageChannel.printable(answer.get(0))
                            + "' to the request for TLS");
            };
        }

        private void logIn(Backend backend, @Nullable TlsTransport secured, Deadline deadline) throws IOException {
            MessageBuilder startup = MessageBuilder.startup(PROTOCOL_3_0)
                    .text("user")
                    .text(settings.user())
                    .text(replication ? "replication" : "database")
                    .text(replication ? "true" : settings.database())
                    .text("application_name")
                    .text(settings.applicationName())
                    .text("client_encoding")
                    .text("UTF8");
            String options = settings.get("options");
            if (options != null) {
                startup.text("options").text(options);
            }
            backend.channel().send(startup.int8(0));
            X509Certificate certificate =
                    secured == null ? null : (X509Certificate) secured.session().getPeerCertificates()[0];
            boolean loopback = address instanceof InetSocketAddress inet
                    && inet.getAddress().isLoopbackAddress();
            Authenticator authenticator = new Authenticator(
                    backend,
                    settings,
                    () -> replication
                            ? settings.password(endpoint, "replication", settings.database())
                            : settings.password(endpoint, settings.database()),
                    certificate,
                    secured != null || endpoint.isUnix() || loopback);
            boolean done = false;
            while (true) {
                if (!backend.next(deadline)) {
                    throw new SocketTimeoutException("no answer in time");
                }
                switch (backend.channel().type()) {
                    case 'R' -> {
                        authenticationAsked = true;
                        done = authenticator.handle();
                    }
                    case 'K', 'v' -> {} // a key for cancelling, a lower protocol version: nothing for us
                    case 'Z' -> {
                        if (!done) {
                            throw backend.unexpected("before authentication was finished");
                        }
                        backend.channelBound(authenticator.channelBound());
                        return;
                    }
                    default -> throw backend.unexpected("while logging in");
                }
            }
        }
    }
}
