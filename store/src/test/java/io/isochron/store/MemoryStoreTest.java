package io.isochron.store;

class MemoryStoreTest extends ObjectStoreContract {
    @Override
    ObjectStore store() {
        return new MemoryStore();
    }
}
