package io.isochron.store;

import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectExistsException;
import io.isochron.objects.ObjectInfo;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.store.LeaseState.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who is doing what with a repository, for work that must not be done twice at once. Each step of a lease (taken, renewed, released, broken) is an object with the next number, created on the condition
 * that the number is free; so of two who make the same step one wins. Old steps may be removed; whoever made a step therefore looks whether there is a later one, and then has lost.
 */
public final class Leases {
    private static final int LAYOUT = 1;
    private static final long MAX_NUMBER = 9_999_999_999L;

    private final SealedStore sealed;

    Leases(SealedStore sealed) {
        this.sealed = sealed;
    }

    /**
     * Takes a lease that is free, or whose holder is overdue.
     *
     * @param resource lower-case letters, digits, {@code .}, {@code _}, {@code -}; readable without the key
     * @param validity how long after its last sign of life a holder is given up, so that this is by the clocks of two hosts: generous; zero if something else tells
     * @param detail JSON, for others
     * @throws LeaseHeldException if somebody has it
     */
    public Lease take(String resource, LeaseHolder holder, Duration validity, String detail, InstantSource clock)
            throws IOException {
        return take(resource, holder, validity, detail, clock, false);
    }

    /** @param certain whether something else made certain that whoever holds it is gone */
    public Lease take(
            String resource, LeaseHolder holder, Duration validity, String detail, InstantSource clock, boolean certain)
            throws IOException {
        LeaseState newest = newest(resource).orElse(null);
        Instant now = MembershipObjects.micros(clock.instant());
        if (!certain && newest != null && newest.held() && !newest.overdue(now)) {
            throw new LeaseHeldException(resource, newest);
        }
        return new Lease(this, clock, take(newest, resource, holder, validity, detail, now));
    }

    private LeaseState take(
            @Nullable LeaseState newest,
            String resource,
            LeaseHolder holder,
            Duration validity,
            String detail,
            Instant now)
            throws IOException {
        long number = newest == null ? -1 : newest.number();
        return step(
                new LeaseState(resource, number, Event.RELEASED, holder, now, now, validity, detail),
                Event.TAKEN,
                holder,
                now,
                now);
    }

    /**
     * Ends the lease of a holder that seems dead.
     *
     * @throws LeaseHeldException if it showed signs of life meanwhile
     */
    public void breakLease(LeaseState state, LeaseHolder by, Instant now) throws IOException {
        step(state, Event.BROKEN, by, state.since(), now);
    }

    /** The last step of a lease, or empty if it is certain that there is none. */
    public Optional<LeaseState> newest(String resource) throws IOException {
        while (true) {
            ObjectName last = null;
            try (Stream<ObjectInfo> steps = sealed.list(prefix(resource), null)) {
                for (Iterator<ObjectInfo> i = steps.iterator(); i.hasNext(); ) {
                    last = i.next().name();
                }
            } catch (UncheckedIOException e) {
                throw SealedStore.unwrap(e);
            }
            if (last == null) {
                return Optional.empty();
            }
            try {
                return Optional.of(decode(last, sealed.read(last, ObjectKind.LEASE)));
            } catch (ObjectNotFoundException e) {
                // a later step was made and this one removed, between the two
            }
        }
    }

    /** The last steps of all leases whose resources begin so. */
    public List<LeaseState> all(String beginning) throws IOException {
        List<LeaseState> states = new ArrayList<>();
        for (String resource : resources()) {
            if (resource.startsWith(beginning)) {
                newest(resource).ifPresent(states::add);
            }
        }
        return states;
    }

    private List<String> resources() throws IOException {
        List<String> resources = new ArrayList<>();
        ObjectName after = null;
        while (true) {
            try (Stream<ObjectInfo> steps = sealed.list(Names.LEASES, after)) {
                Optional<ObjectInfo> next = steps.findFirst();
                if (next.isEmpty()) {
                    return resources;
                }
                String resource = next.get().name().value().split("/")[1];
                resources.add(resource);
                after = ObjectName.of("lease", resource, "zzzz");
            } catch (UncheckedIOException e) {
                throw SealedStore.unwrap(e);
            }
        }
    }

    LeaseState step(LeaseState before, Event event, LeaseHolder holder, Instant since, Instant at) throws IOException {
        LeaseState next = new LeaseState(
                before.resource(),
                before.number() + 1,
                event,
                holder,
                since,
                MembershipObjects.micros(at),
                before.validity(),
                before.detail());
        if (next.number() > MAX_NUMBER) {
            throw new IllegalStateException("lease " + before.resource() + " has no further numbers");
        }
        ObjectName name = Names.lease(next.resource(), next.number());
        boolean made = true;
        try {
            sealed.create(name, ObjectKind.LEASE, encode(next));
        } catch (ObjectExistsException e) {
            made = false;
        }
        LeaseState newest = newest(next.resource()).orElse(next);
        if (!made || newest.number() != next.number()) {
            throw new LeaseHeldException(next.resource(), newest);
        }
        return next;
    }

    private static String prefix(String resource) {
        if (!ObjectName.isSegment(resource)) {
            throw new IllegalArgumentException("lease '" + resource
                    + "' cannot be named so\nhint: use lower-case letters, digits, '.', '_' and '-'");
        }
        return Names.LEASES + resource + "/";
    }

    private static byte[] encode(LeaseState state) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("lease", LAYOUT);
        root.put("resource", state.resource());
        root.put("number", state.number());
        root.put("event", state.event().name().toLowerCase(Locale.ROOT));
        root.put("user", state.holder().user());
        root.put("host", state.holder().host());
        root.put("process", state.holder().process());
        root.put("program", state.holder().program());
        root.put("since", state.since().toString());
        root.put("at", state.at().toString());
        root.put("validity", state.validity().toString());
        root.put("detail", state.detail());
        return Json.bytes(root);
    }

    private static LeaseState decode(ObjectName name, byte[] bytes) throws ObjectDamagedException {
        try {
            JsonNode root = Json.MAPPER.readTree(bytes);
            LeaseState state = new LeaseState(
                    root.path("resource").stringValue(),
                    root.path("number").longValue(),
                    Event.valueOf(root.path("event").stringValue().toUpperCase(Locale.ROOT)),
                    new LeaseHolder(
                            root.path("user").stringValue(),
                            root.path("host").stringValue(),
                            root.path("process").longValue(),
                            root.path("program").stringValue()),
                    Instant.parse(root.path("since").stringValue()),
                    Instant.parse(root.path("at").stringValue()),
                    Duration.parse(root.path("validity").stringValue()),
                    root.path("detail").stringValue());
            if (!name.equals(Names.lease(state.resource(), state.number()))) {
                throw new ObjectDamagedException(
                        name, "it is step " + state.number() + " of lease " + state.resource());
            }
            return state;
        } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
            throw new ObjectDamagedException(name, "it is not a step of a lease", e);
        }
    }
}
