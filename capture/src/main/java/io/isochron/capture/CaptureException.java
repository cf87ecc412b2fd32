package io.isochron.capture;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Capture, a snapshot or a check met something that a person has to decide or repair. The message is lower case, names the thing and its value, and ends with a line {@code hint: ...}.
 */
public final class CaptureException extends IOException {
    private static final long serialVersionUID = 1;

    private final String problem;
    private final String hint;

    /**
     * @param problem what is wrong, naming the shard and the values
     * @param hint one sentence with the likely cause or the next step
     */
    public CaptureException(String problem, String hint) {
        this(problem, hint, null);
    }

    /** As above, with the error that led here. */
    public CaptureException(String problem, String hint, @Nullable Throwable cause) {
        super(problem + "\nhint: " + hint, cause);
        this.problem = problem;
        this.hint = hint;
    }

    /** What is wrong, without the hint. */
    public String problem() {
        return problem;
    }

    /** The likely cause or the next step, one sentence. */
    public String hint() {
        return hint;
    }
}
