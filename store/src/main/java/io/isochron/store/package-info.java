/**
 * Where everything is kept: encryption, and the layout of a repository over an object store.
 *
 * <p>A {@link io.isochron.store.Repository} lies in an {@link io.isochron.objects.ObjectStore}
 * and gives its content a shape: WAL objects, snapshots in packs, chronicle segments and small documents, all of them sealed with a
 * {@link io.isochron.store.RepositoryKey} and verified on every read. This room knows nothing about PostgreSQL beyond names: log positions are
 * unsigned {@code long}s.
 *
 * <p>The format of a repository is specified in {@code docs/repository-format.md}; code and page change together.
 *
 * <p>Errors: a {@link io.isochron.objects.StoreException} says something that is certain (it is not there, it exists already, it is damaged).
 * Any other {@link java.io.IOException} means "cannot tell" and must never be taken for absence.
 */
@NullMarked
package io.isochron.store;

import org.jspecify.annotations.NullMarked;
