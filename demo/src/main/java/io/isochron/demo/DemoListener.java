package io.isochron.demo;

/** Where the demo tells what it does; the caller decides what it looks like. Called by one thread at a time. */
public interface DemoListener {
    /** A new chapter begins. */
    void chapter(String title);

    /** One line of the story. */
    void say(String line);

    /** What is happening right now; each call replaces the one before. */
    void progress(String line);
}
