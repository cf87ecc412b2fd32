package io.isochron.objects;

/**
 * An object of a store with versions that is not as its one creation left it. Repair makes a second version too, so this is worth a look and not damage.
 *
 * @param name its name
 * @param versions how many there are, at least 1
 * @param hidden whether a delete marker lies above them, which programs that do not look below it take for its absence
 */
public record TamperedObject(ObjectName name, int versions, boolean hidden) {
    /** What is to be said of it. */
    public String detail() {
        return hidden
                ? "a delete marker hides its " + (versions == 1 ? "version" : versions + " versions")
                        + "; it is read all the same"
                : "it has " + versions + " versions: it was overwritten or repaired";
    }
}
