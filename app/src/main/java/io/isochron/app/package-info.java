/**
 * The command line: one class per command, {@code isochron.yaml}, exit codes, text for people and JSON for programs.
 *
 * <p>Commands are thin: they read the configuration, call one service of a room below, and show its result. What goes wrong
 * below arrives as an exception and becomes an {@link io.isochron.app.ExitCode} and a message in one place,
 * {@link io.isochron.app.Failure}. Nothing here but {@link io.isochron.app.Host} touches the process: its environment, streams,
 * time zone and clock come in by constructor.
 */
@NullMarked
package io.isochron.app;

import org.jspecify.annotations.NullMarked;
