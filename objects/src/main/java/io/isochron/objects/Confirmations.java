package io.isochron.objects;

/** Counts the further copies that confirm a created object, until enough have or no longer can. */
final class Confirmations {
    private final int needed;
    private final Answers answers;
    private int open;
    private int confirmed;
    private boolean differing;

    /** @param needed confirmations that are enough, 0 or more */
    Confirmations(int needed, Answers answers) {
        this.needed = needed;
        this.answers = answers;
    }

    /** A further copy will answer. */
    synchronized void asked() {
        open++;
    }

    /** How many copies have been asked and have not failed. */
    synchronized int open() {
        return open + confirmed;
    }

    synchronized void confirmed() {
        confirmed++;
        open--;
        notifyAll();
    }

    synchronized void failed(StoreCopy copy, Exception failure) {
        answers.failed(copy, failure);
        open--;
        notifyAll();
    }

    /** The copy has other bytes under the name. */
    synchronized void differs(StoreCopy copy) {
        answers.failed(copy, new java.io.IOException("it has other bytes under this name"));
        differing = true;
        open--;
        notifyAll();
    }

    synchronized boolean differing() {
        return differing;
    }

    /** True if enough have confirmed; returns as soon as that is certain either way. */
    synchronized boolean await() throws java.io.InterruptedIOException {
        try {
            while (confirmed < needed && confirmed + open >= needed) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("interrupted while copies were awaited");
        }
        return confirmed >= needed;
    }
}
