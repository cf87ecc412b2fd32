package io.isochron.wire;

import io.isochron.wal.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a receiver may ask of the feed server: the part of the replication grammar that physical receivers use. */
sealed interface ReplicationCommand {
    record IdentifySystem() implements ReplicationCommand {}

    record Show(String parameter) implements ReplicationCommand {}

    record TimelineHistoryFile(int timeline) implements ReplicationCommand {}

    record ReadSlot(String slot) implements ReplicationCommand {}

    /**
     * @param slot accepted and not used: the archive keeps everything anyway
     * @param timeline 0 for the newest
     */
    record StartPhysical(@Nullable String slot, Lsn start, int timeline) implements ReplicationCommand {}

    /** Anything else. */
    record Unsupported(String firstWord) implements ReplicationCommand {}

    /** Understands a command, as the replication grammar writes it (PostgreSQL's repl_gram.y). */
    static ReplicationCommand parse(String text) {
        List<String> words = words(text);
        String first = words.isEmpty() ? "" : words.getFirst().toUpperCase(Locale.ROOT);
        try {
            return switch (first) {
                case "IDENTIFY_SYSTEM" -> new IdentifySystem();
                case "SHOW" -> new Show(String.join("", words.subList(1, words.size())));
                case "TIMELINE_HISTORY" -> new TimelineHistoryFile(Integer.parseUnsignedInt(words.get(1)));
                case "READ_REPLICATION_SLOT" -> new ReadSlot(words.get(1));
                case "START_REPLICATION" -> start(words);
                default -> new Unsupported(first);
            };
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            return new Unsupported(first);
        }
    }

    private static ReplicationCommand start(List<String> words) {
        int at = 1;
        String slot = null;
        if (words.get(at).equalsIgnoreCase("SLOT")) {
            slot = words.get(at + 1);
            at += 2;
        }
        if (words.get(at).equalsIgnoreCase("LOGICAL")) {
            return new Unsupported("START_REPLICATION LOGICAL");
        }
        if (words.get(at).equalsIgnoreCase("PHYSICAL")) {
            at++;
        }
        Lsn start = Lsn.parse(words.get(at++));
        int timeline = 0;
        if (at < words.size() && words.get(at).equalsIgnoreCase("TIMELINE")) {
            timeline = Integer.parseUnsignedInt(words.get(at + 1));
        }
        return new StartPhysical(slot, start, timeline);
    }

    /** Words without their quotes; a semicolon at the end is left away. */
    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < text.length(); ) {
            char c = text.charAt(i);
            if (Character.isWhitespace(c) || c == ';') {
                i++;
            } else if (c == '"') {
                StringBuilder word = new StringBuilder();
                for (i++; i < text.length(); i++) {
                    if (text.charAt(i) == '"') {
                        if (i + 1 == text.length() || text.charAt(i + 1) != '"') {
                            break;
                        }
                        i++;
                    }
                    word.append(text.charAt(i));
                }
                i++;
                words.add(word.toString());
            } else {
                int start = i;
                while (i < text.length() && !Character.isWhitespace(text.charAt(i)) && text.charAt(i) != ';') {
                    i++;
                }
                words.add(text.substring(start, i));
            }
        }
        return words;
    }
}
