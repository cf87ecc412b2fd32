/**
 * Object stores: where named bytes are kept, and nothing about what they mean.
 *
 * <p>An {@link io.isochron.objects.ObjectStore} keeps named bytes that are written once; its contract is the one thing that everything above relies on, and one suite of
 * tests holds every store and every decorator to it. Stores do not retry, throttle or count: decorators do, each one thing.
 *
 * <p>Errors: a {@link io.isochron.objects.StoreException} says something that is certain (it is not there, it exists already, there is no space). Any other
 * {@link java.io.IOException} means "cannot tell" and must never be taken for absence.
 */
@NullMarked
package io.isochron.objects;

import org.jspecify.annotations.NullMarked;
