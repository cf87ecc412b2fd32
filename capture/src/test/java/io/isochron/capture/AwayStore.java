package io.isochron.capture;

import io.isochron.objects.Content;
import io.isochron.objects.ForwardingStore;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectStore;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/** A store that can be taken away. The first create afterwards has its effect, but says that it failed; the others fail. */
final class AwayStore extends ForwardingStore {
    private final AtomicInteger silent = new AtomicInteger();
    private volatile boolean away;

    AwayStore(ObjectStore store) {
        super(store);
    }

    void away(boolean now) {
        silent.set(0);
        away = now;
    }

    @Override
    public void create(ObjectName name, Content content) throws IOException {
        if (away && silent.getAndIncrement() > 0) {
            throw new IOException("the store is away");
        }
        super.create(name, content);
        if (away) {
            // one that was under way is the first: a second would find its own bytes there, and succeed
            silent.incrementAndGet();
            throw new IOException("the store is away, and does not say that it has written");
        }
    }
}
