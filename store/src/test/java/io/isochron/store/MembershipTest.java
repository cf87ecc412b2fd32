package io.isochron.store;

import static io.isochron.store.RepositoryTest.CLUSTER;
import static io.isochron.store.RepositoryTest.CREATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.isochron.objects.MemoryStore;
import io.isochron.objects.ObjectDamagedException;
import io.isochron.objects.ObjectName;
import io.isochron.objects.ObjectNotFoundException;
import io.isochron.objects.StoreException;
import io.isochron.store.Finding.Severity;
import io.isochron.store.Membership.State;
import io.isochron.store.MembershipChange.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The versions of a cluster's membership: what they say, and that none can be missing, changed or forked unseen. */
class MembershipTest {
    private static final String NORTH = "north-customers";
    private static final String SOUTH = "south-customers";
    private static final String WEST = "west-customers";
    private static final ShardIdentity WEST_ID = new ShardIdentity(WEST, "7300000000000000003", 18, 16 << 20);
    private static final Instant JOINED = Instant.parse("2026-11-22T13:00:00.000001Z");
    private static final Instant REMOVED = Instant.parse("2026-11-22T14:00:00Z");

    private final RepositoryKey key = RepositoryKey.random();
    private final MemoryStore store = new MemoryStore();
    private Repository repository;

    @BeforeEach
    void makeRepository() throws IOException {
        repository = Repository.init(store, key, CLUSTER, CREATED);
    }

    private Repository open() throws IOException {
        return Repository.open(store, key);
    }

    private void changeThreeTimes() throws IOException {
        repository.changeMembership(Kind.ANNOUNCED, WEST_ID, CREATED, null);
        repository.changeMembership(Kind.JOINED, WEST_ID, CREATED, JOINED);
        repository.changeMembership(Kind.REMOVED, CLUSTER.shard(SOUTH), CREATED, REMOVED);
    }

    @Test
    void withoutChangesTheShardsOfTheHeaderAreMembersForEver() throws IOException {
        Membership membership = open().membership();
        assertThat(membership.version()).isZero();
        assertThat(membership.periods())
                .containsExactly(new Membership.Period(Instant.MIN, Instant.MAX, List.of(NORTH, SOUTH)));
    }

    @Test
    void aShardIsAMemberFromTheMomentItJoinedToJustBeforeTheMomentItWasRemoved() throws IOException {
        changeThreeTimes();
        Membership membership = open().membership();
        assertThat(membership.version()).isEqualTo(3);
        assertThat(membership.at(JOINED.minusNanos(1000)).shards()).containsExactly(NORTH, SOUTH);
        assertThat(membership.at(JOINED).shards()).containsExactly(NORTH, SOUTH, WEST);
        assertThat(membership.at(REMOVED.minusNanos(1000)).shards()).containsExactly(NORTH, SOUTH, WEST);
        assertThat(membership.at(REMOVED).shards()).containsExactly(NORTH, WEST);
        assertThat(membership.state(SOUTH)).contains(State.REMOVED);
        assertThat(membership.state(WEST)).contains(State.MEMBER);
        assertThat(membership.state("east")).isEmpty();
    }

    @Test
    void anAnnouncedShardHasANumberAndIsNoMember() throws IOException {
        repository.changeMembership(Kind.ANNOUNCED, WEST_ID, CREATED, null);
        repository.chronicle().append(WEST, 0, new byte[10]);
        assertThat(store.objects).containsKey(Names.chronicle(3, 0));
        assertThat(open().membership().present().shards()).containsExactly(NORTH, SOUTH);
        assertThat(open().cluster().shard(WEST)).isEqualTo(WEST_ID);
        repository.changeMembership(Kind.WITHDRAWN, WEST_ID, CREATED, null);
        assertThat(open().membership().state(WEST)).contains(State.WITHDRAWN);
        assertThatThrownBy(() -> repository.changeMembership(Kind.JOINED, WEST_ID, CREATED, JOINED))
                .hasMessageContaining("west-customers of cluster shop is withdrawn");
    }

    @Test
    void namesAndNumbersAreNeverUsedAgain() throws IOException {
        changeThreeTimes();
        ShardIdentity again = new ShardIdentity(SOUTH, "7300000000000000009", 17, 16 << 20);
        assertThatThrownBy(() -> repository.changeMembership(Kind.ANNOUNCED, again, CREATED, null))
                .hasMessageContaining("shard south-customers of cluster shop is removed already")
                .hasMessageContaining("hint: a name stands for one shard for ever");
        ShardIdentity back = new ShardIdentity("south-2", "7300000000000000002", 17, 16 << 20);
        repository.changeMembership(Kind.ANNOUNCED, back, CREATED, null);
        assertThat(open().cluster().number("south-2")).isEqualTo(4);
    }

    @Test
    void aDatabaseIsNotAddedTwice() {
        ShardIdentity twin = new ShardIdentity("twin", "7300000000000000001", 17, 16 << 20);
        assertThatThrownBy(() -> repository.changeMembership(Kind.ANNOUNCED, twin, CREATED, null))
                .hasMessageContaining("shards north-customers and twin are the same database");
        assertThat(store.objects).doesNotContainKey(Names.membership(1));
    }

    @Test
    void theLastShardStays() throws IOException {
        repository.changeMembership(Kind.REMOVED, CLUSTER.shard(SOUTH), CREATED, REMOVED);
        assertThatThrownBy(() -> repository.changeMembership(
                        Kind.REMOVED, CLUSTER.shard(NORTH), CREATED, REMOVED.plusSeconds(1)))
                .hasMessageContaining("the only member");
    }

    @Test
    void aChangeDoesNotCountBeforeTheOneBeforeIt() throws IOException {
        changeThreeTimes();
        assertThatThrownBy(() -> repository.changeMembership(Kind.REMOVED, WEST_ID, CREATED, REMOVED.minusNanos(1000)))
                .hasMessageContaining("cannot be changed for 2026-11-22T13:59:59.999999Z");
    }

    @Test
    void ofTwoThatChangeItAtOnceOneIsTold() throws IOException {
        Repository other = open();
        changeThreeTimes();
        assertThatThrownBy(() -> other.changeMembership(Kind.REMOVED, CLUSTER.shard(NORTH), CREATED, JOINED))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("changed by someone else meanwhile (version 1)");
        assertThat(other.reloadMembership().version()).isEqualTo(3);
        assertThat(open().membership().present().shards()).containsExactly(NORTH, WEST);
    }

    @Test
    void aVersionThatIsMissingBeforeAnotherIsFound() throws IOException {
        changeThreeTimes();
        for (int version = 1; version <= 2; version++) {
            byte[] taken = store.objects.remove(Names.membership(version));
            ObjectName missing = Names.membership(version);
            assertThatThrownBy(this::open)
                    .isInstanceOfSatisfying(
                            ObjectNotFoundException.class,
                            e -> assertThat(e.name()).isEqualTo(missing));
            assertThat(verify()).contains(new Finding(Severity.MISSING, missing.value(), "it is not there"));
            store.objects.put(missing, taken);
        }
        assertThat(verify()).isEmpty();
    }

    @Test
    void theNewestVersionThatIsMissingIsFoundByWhatItsShardsWrote() throws IOException {
        repository.changeMembership(Kind.ANNOUNCED, WEST_ID, CREATED, null);
        repository.wal().write(new WalRange(WEST, 1, 0, 100), ByteBuffer.allocate(100));
        store.objects.remove(Names.membership(1));
        List<Finding> findings = new ArrayList<>();
        open().verify(VerifyScope.ALL, findings::add);
        assertThat(findings).anySatisfy(finding -> {
            assertThat(finding.severity()).isEqualTo(Severity.MISSING);
            assertThat(finding.object()).isEqualTo(Names.membership(1).value());
        });
    }

    @Test
    void theNewestVersionThatIsMissingIsFoundByASnapshotTakenUnderIt() throws IOException {
        changeThreeTimes();
        String id;
        try (SnapshotWriter writer = repository.snapshots().begin(CREATED, new SnapshotOptions(1, 64 << 10))) {
            ShardSnapshotWriter part = writer.shard(NORTH);
            part.file("a", 0600, 0, 3, new ByteArrayInputStream(new byte[3]));
            part.finish(1, 0, 0, "");
            id = writer.publish("").id();
        }
        store.objects.remove(Names.membership(3));
        Repository old = open();
        assertThat(old.membership().version()).isEqualTo(2);
        assertThatThrownBy(() -> old.snapshots().open(id))
                .isInstanceOfSatisfying(
                        ObjectNotFoundException.class, e -> assertThat(e.name()).isEqualTo(Names.membership(3)));
    }

    @Test
    void aVersionThatFollowsAnotherHistoryIsRefused() throws IOException {
        MemoryStore copy = new MemoryStore();
        copy.objects.putAll(store.objects);
        Repository fork = Repository.open(copy, key);
        fork.changeMembership(Kind.REMOVED, CLUSTER.shard(NORTH), CREATED, JOINED);
        fork.changeMembership(Kind.ANNOUNCED, WEST_ID, CREATED, null);
        changeThreeTimes();
        store.objects.put(Names.membership(2), copy.objects.get(Names.membership(2)));
        assertThatThrownBy(this::open)
                .isInstanceOf(ObjectDamagedException.class)
                .hasMessageContaining("member/00000002")
                .hasMessageContaining("it follows another version 1");
        assertThat(verify())
                .anySatisfy(finding -> assertThat(finding.object())
                        .isEqualTo(Names.membership(2).value()));
    }

    @Test
    void aVersionThatClaimsOtherMembersIsRefused() throws IOException {
        repository.changeMembership(Kind.ANNOUNCED, WEST_ID, CREATED, null);
        SealedStore sealed = new SealedStore(store, key, RepositoryHeader.read(store, key));
        String text = new String(
                sealed.read(Names.membership(1), ObjectKind.MEMBERSHIP), java.nio.charset.StandardCharsets.UTF_8);
        for (String wrong : List.of(
                text.replace("\"members\":[1,2]", "\"members\":[1,2,3]"),
                text.replace("\"number\":3", "\"number\":2"),
                text.replace("\"version\":1", "\"version\":2"),
                text.replace("\"announced\"", "\"joined\""),
                text.replace("\"membership\":1", "\"membership\":2"))) {
            assertThat(wrong).isNotEqualTo(text);
            store.objects.remove(Names.membership(1));
            sealed.create(
                    Names.membership(1),
                    ObjectKind.MEMBERSHIP,
                    wrong.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThatThrownBy(this::open).as(wrong).isInstanceOf(ObjectDamagedException.class);
        }
    }

    @Test
    void aFolderWithSomethingElseInItIsRefused() throws IOException {
        store.objects.put(new ObjectName("member/00000001-copy"), new byte[3]);
        assertThatThrownBy(this::open).isInstanceOf(StoreException.class);
    }

    private List<Finding> verify() throws IOException {
        List<Finding> findings = new ArrayList<>();
        repository.verify(VerifyScope.ALL, findings::add);
        return findings;
    }
}
