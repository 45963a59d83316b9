package dev.demikv.libos;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.module.ModuleDescriptor;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Holds the order of the packages: an import may only go down.
///
/// A package belongs to a family, the first word of its name below the root (`net.tcp` is of the
/// family `net`), except that each backend below `device` is a family of its own (`device.dpdk`). A
/// family has a rank. A class may use its own family and families of a lower rank.
final class ArchitectureTest {
  private static final String ROOT = "dev.demikv.libos";

  /// The root package, which puts everything together.
  private static final String ROOT_FAMILY = "";

  private static final Map<String, Integer> RANK_BY_FAMILY =
      Map.ofEntries(
          Map.entry("time", 0),
          Map.entry("ffi", 0),
          Map.entry("lang", 0),
          Map.entry("wire", 0),
          Map.entry("memory", 1),
          Map.entry("api", 2),
          Map.entry("config", 2),
          Map.entry("device", 3),
          Map.entry("net", 4),
          Map.entry("device.kernel", 4),
          Map.entry("device.tap", 4),
          Map.entry("device.packet", 4),
          Map.entry("device.dpdk", 4),
          Map.entry("device.rdma", 4),
          Map.entry("device.shm", 4),
          Map.entry("device.spdk", 4),
          Map.entry("device.sim", 4),
          Map.entry("device.trace", 4),
          Map.entry("device.memory", 4),
          Map.entry("device.file", 4),
          Map.entry("log", 4),
          Map.entry("runtime", 5),
          Map.entry(ROOT_FAMILY, 6));

  private static final Set<String> JAVA_BASE_PACKAGES =
      Object.class.getModule().getDescriptor().exports().stream()
          .filter(exports -> !exports.isQualified())
          .map(ModuleDescriptor.Exports::source)
          .collect(Collectors.toUnmodifiableSet());

  /// Only annotations, read by the compiler and absent at run time.
  private static final String NULL_ANNOTATIONS = "org.jspecify.annotations";

  private static JavaClasses libosClasses;

  @BeforeAll
  static void readClasses() {
    libosClasses =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);
  }

  @Test
  void everyPackageHasARank() {
    check(
        "be in a package that has a rank",
        (type, events) -> {
          if (isLibos(type) && !RANK_BY_FAMILY.containsKey(family(type))) {
            violation(
                events,
                type,
                type.getName()
                    + " is in a package without a rank: give the family '"
                    + family(type)
                    + "' its place in RANK_BY_FAMILY");
          }
        });
  }

  @Test
  void importsOnlyGoDown() {
    check(
        "use only its own family of packages and families of a lower rank",
        (type, events) -> {
          for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
            JavaClass target = dependency.getTargetClass().getBaseComponentType();
            if (isLibos(target) && !maySee(family(type), family(target))) {
              violation(
                  events,
                  type,
                  name(family(type))
                      + " must not see "
                      + name(family(target))
                      + ": "
                      + dependency.getDescription());
            }
          }
        });
  }

  @Test
  void dependsOnNothingButJavaBase() {
    check(
        "depend only on java.base",
        (type, events) -> {
          for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
            JavaClass target = dependency.getTargetClass().getBaseComponentType();
            if (!isLibos(target)
                && !target.isPrimitive()
                && !JAVA_BASE_PACKAGES.contains(target.getPackageName())
                && !target.getPackageName().equals(NULL_ANNOTATIONS)) {
              violation(events, type, "not in java.base: " + dependency.getDescription());
            }
          }
        });
  }

  @Test
  void nativeLinkingStaysInFfi() {
    check(
        "use Linker and SymbolLookup only in ffi",
        (type, events) -> {
          for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
            String target = dependency.getTargetClass().getBaseComponentType().getName();
            if (!family(type).equals("ffi")
                && (isOrIsInside(target, Linker.class)
                    || isOrIsInside(target, SymbolLookup.class))) {
              violation(events, type, "only ffi may link: " + dependency.getDescription());
            }
          }
        });
  }

  @Test
  void segmentsAreReinterpretedOnlyInFfi() {
    check(
        "call MemorySegment.reinterpret only in ffi",
        (type, events) -> {
          for (JavaAccess<?> access : type.getAccessesFromSelf()) {
            if (!family(type).equals("ffi")
                && access.getTarget().getName().equals("reinterpret")
                && access.getTargetOwner().isEquivalentTo(MemorySegment.class)) {
              violation(events, type, "only ffi may reinterpret: " + access.getDescription());
            }
          }
        });
  }

  private static boolean maySee(String from, String to) {
    Integer fromRank = RANK_BY_FAMILY.get(from);
    Integer toRank = RANK_BY_FAMILY.get(to);
    // A family without a rank is reported by everyPackageHasARank.
    return fromRank == null || toRank == null || from.equals(to) || toRank < fromRank;
  }

  private static String family(JavaClass type) {
    String packageName = type.getPackageName();
    if (packageName.length() <= ROOT.length()) {
      return ROOT_FAMILY;
    }
    String[] words = packageName.substring(ROOT.length() + 1).split("\\.", -1);
    return words[0].equals("device") && words.length > 1 ? "device." + words[1] : words[0];
  }

  private static String name(String family) {
    return family.equals(ROOT_FAMILY) ? "the root package" : "'" + family + "'";
  }

  private static boolean isLibos(JavaClass type) {
    return type.getPackageName().equals(ROOT) || type.getPackageName().startsWith(ROOT + ".");
  }

  private static boolean isOrIsInside(String className, Class<?> outer) {
    return className.equals(outer.getName()) || className.startsWith(outer.getName() + "$");
  }

  private static void check(String condition, BiConsumer<JavaClass, ConditionEvents> body) {
    classes()
        .that(DescribedPredicate.describe("are in libos", ArchitectureTest::isLibos))
        .should(
            new ArchCondition<JavaClass>(condition) {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                body.accept(type, events);
              }
            })
        .allowEmptyShould(true)
        .check(libosClasses);
  }

  private static void violation(ConditionEvents events, JavaClass type, String message) {
    events.add(SimpleConditionEvent.violated(type, message));
  }
}
