/**
 * PostgreSQL itself: installations on this machine, the unprivileged user that server processes run as, and instances that are
 * created, started, promoted, stopped and killed, each by its process id. This room knows nothing of backups, WAL or clusters;
 * it makes sure that a server is really up when it says so, that an error carries the server's own words, and that nothing is
 * left running.
 */
@NullMarked
package io.isochron.instance;

import org.jspecify.annotations.NullMarked;
