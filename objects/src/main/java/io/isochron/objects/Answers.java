package io.isochron.objects;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the copies of a {@link ReplicatedStore} answered to one request, and what follows from it. Used by several threads. */
final class Answers {
    private final @Nullable ObjectName name;
    private final String request;
    private final Set<String> absent = new LinkedHashSet<>();
    private final List<Exception> failures = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();

    /** @param operation what was asked for */
    Answers(ObjectName name, String operation) {
        this.name = name;
        this.request = operation + " object " + name;
    }

    private Answers(String request) {
        this.name = null;
        this.request = request;
    }

    /** Answers to a request for a listing. */
    static Answers ofListing(String prefix) {
        return new Answers("list " + (prefix.isEmpty() ? "all objects" : "objects '" + prefix + "...'"));
    }

    void absent(StoreCopy copy) {
        if (name != null && copy.knowsAbsence(name)) {
            synchronized (this) {
                absent.add(copy.name());
            }
        } else {
            failed(copy, new IOException("it has not been filled yet"));
        }
    }

    synchronized void failed(StoreCopy copy, Exception failure) {
        failed.add("copy " + copy.name() + ": " + firstLine(failure));
        failures.add(failure);
    }

    synchronized void failed(Exception failure) {
        failed.add(firstLine(failure));
        failures.add(failure);
    }

    synchronized int absences() {
        return absent.size();
    }

    synchronized int failures() {
        return failures.size();
    }

    /** The object is certainly absent if this many copies say so; else nobody can tell. */
    synchronized IOException absentOrUnclear(int answersForAbsence, String where) {
        return name != null && absent.size() >= answersForAbsence
                ? new ObjectNotFoundException(name, where)
                : unclear(answersForAbsence);
    }

    /** Too few answered for the request to have a result. Full stores are named as such if nothing else failed. */
    synchronized IOException unclear(int needed) {
        if (!failures.isEmpty()
                && absent.isEmpty()
                && failures.stream().allMatch(StoreFullException.class::isInstance)
                && request.startsWith("create ")) {
            return (StoreFullException) failures.getFirst();
        }
        IOException unclear = new IOException("cannot " + request + ": too few copies answer, "
                + needed + " " + (needed == 1 ? "is" : "are") + " needed"
                + (absent.isEmpty() ? "" : " (absent in " + String.join(", ", absent) + ")")
                + (failed.isEmpty() ? "" : "; " + String.join("; ", failed))
                + "\nhint: bring the copy back; if it is lost for good, take it out with --without-copy");
        failures.forEach(unclear::addSuppressed);
        return unclear;
    }

    private static String firstLine(Exception failure) {
        String message = failure.getMessage();
        return message == null
                ? failure.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
