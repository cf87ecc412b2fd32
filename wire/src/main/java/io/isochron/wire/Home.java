package io.isochron.wire;

import java.nio.file.Path;
import java.util.Map;

/** The user's home directory. */
final class Home {
    private Home() {}

    static Path of(Map<String, String> environment) {
        String home = environment.get("HOME");
        return Path.of(home == null || home.isEmpty() ? System.getProperty("user.home", "/") : home);
    }
}
