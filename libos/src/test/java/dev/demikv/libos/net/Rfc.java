package dev.demikv.libos.net;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The clause of an RFC that a test checks.
@Documented
@Repeatable(Rfc.List.class)
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Rfc {
  /// Number of the RFC.
  int number();

  /// Section, as `3.10.7.4`.
  String section();

  /// Several of them.
  @Documented
  @Retention(RetentionPolicy.RUNTIME)
  @Target({ElementType.METHOD, ElementType.TYPE})
  @interface List {
    /// The clauses.
    Rfc[] value();
  }
}
