package io.isochron.instance;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import javax.net.SocketFactory;

/**
 * Lets pgjdbc connect through a Unix socket: set its connection property {@code socketFactory} to this class's name and
 * {@code socketFactoryArg} to the path of the socket file ({@code <directory>/.s.PGSQL.<port>}). Host and port of the URL are then
 * only for show. The path may have at most 107 bytes (unix(7)).
 */
public final class UnixSocketFactory extends SocketFactory {
    private final Path path;

    /** Called by pgjdbc with the value of {@code socketFactoryArg}. */
    public UnixSocketFactory(String path) {
        this.path = Path.of(path);
    }

    @Override
    public Socket createSocket() {
        return new UnixSocket(path);
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw new UnsupportedOperationException("a Unix socket is connected after it was made");
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
        throw new UnsupportedOperationException("a Unix socket is connected after it was made");
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        throw new UnsupportedOperationException("a Unix socket is connected after it was made");
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort) {
        throw new UnsupportedOperationException("a Unix socket is connected after it was made");
    }
}
