package io.isochron.objects;

/**
 * What a store says about an object without reading it.
 *
 * @param name its name
 * @param bytes its length as stored (sealed), at least 0
 */
public record ObjectInfo(ObjectName name, long bytes) {}
