package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;

/// Makes handles for functions of the C library. Handles live for the whole process.
///
/// All are plain downcalls: the thread is in native state meanwhile, so a call that blocks or a
/// loop that spins over calls never holds up a safepoint. `Linker.Option.critical` would save some
/// 10 ns and hang the JVM in such loops.
final class Downcalls {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

  private Downcalls() {}

  /// A handle that takes [CallState#segment] first and saves errno there.
  ///
  /// @param options further options, as `firstVariadicArg`
  /// @throws UnsatisfiedLinkError if this C library has no such function
  static MethodHandle capturing(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    List<Linker.Option> all = new ArrayList<>(List.of(options));
    all.add(ERRNO);
    return LINKER.downcallHandle(address(name), descriptor, all.toArray(Linker.Option[]::new));
  }

  /// A handle for a function whose errno is of no interest.
  static MethodHandle plain(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(address(name), descriptor);
  }

  /// A handle for a function at an address, of a library that was found by other means.
  static MethodHandle at(MemorySegment function, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(function, descriptor);
  }

  /// A handle whose first argument is the address of the function: for function pointers that are
  /// known late and differ from object to object, while the handle stays a constant.
  static MethodHandle unbound(FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(descriptor);
  }

  /// A C function `void f(void *)` that runs something and ignores its argument.
  static MemorySegment callback(Runnable body, Arena arena) {
    try {
      MethodHandle run =
          MethodHandles.publicLookup()
              .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
              .bindTo(body);
      MethodHandle ignoring = MethodHandles.dropArguments(run, 0, long.class);
      return LINKER.upcallStub(ignoring, FunctionDescriptor.ofVoid(JAVA_LONG), arena);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Whether this C library has a function.
  static boolean has(String name) {
    return LINKER.defaultLookup().find(name).isPresent();
  }

  /// What to throw when a handle throws, which only a wrong argument can cause (a segment of
  /// another thread or of a closed arena).
  static RuntimeException unexpected(Throwable t) {
    if (t instanceof RuntimeException e) {
      return e;
    }
    if (t instanceof Error e) {
      throw e;
    }
    return new IllegalStateException(t);
  }

  private static MemorySegment address(String name) {
    return LINKER
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no function " + name));
  }
}
