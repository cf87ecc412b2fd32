package io.isochron.objects;

class MemoryStoreTest extends ObjectStoreContract {
    @Override
    protected ObjectStore store() {
        return new MemoryStore();
    }
}
