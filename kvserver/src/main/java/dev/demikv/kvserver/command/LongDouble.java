package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.resp.ByteText;
import dev.demikv.libos.lang.Nullable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The `long double` of C on x86, in which Redis counts INCRBYFLOAT: 64 significant bits, rounded
/// to the nearest, to even between two; an exponent of 15 bits. Text has up to 17 decimals.
///
/// Exact and the same on every machine; allocates.
final class LongDouble {
  static final LongDouble ZERO = new LongDouble(BigDecimal.ZERO);

  private static final LongDouble INFINITY = new LongDouble(null);

  private static final int SIGNIFICANT_BITS = 64;
  private static final int EXPONENT_MAX = 16384;
  private static final int EXPONENT_MIN = -16446;

  /// Decimal exponents beyond which a number is surely out of range: keeps the arithmetic small.
  private static final int DECIMAL_EXPONENT_MAX = 4950;

  private static final int TEXT_BYTES_MAX = 5 * 1024 - 1;
  private static final int DECIMALS = 17;
  private static final Pattern HEXADECIMAL =
      Pattern.compile("([+-]?)0[xX]([0-9a-fA-F]*)(?:\\.([0-9a-fA-F]*))?(?:[pP]([+-]?\\d{1,6}))?");
  private static final Pattern INFINITE = Pattern.compile("[+-]?inf(?:inity)?");

  /// The value; `null` for infinity or what is no number.
  private final @Nullable BigDecimal value;

  private LongDouble(@Nullable BigDecimal value) {
    this.value = value;
  }

  /// Reads a number as strtold does, all of the text or nothing; `null` if it is none or does not
  /// fit.
  static @Nullable LongDouble parse(Slice bytes) {
    if (bytes.length() == 0 || bytes.length() > TEXT_BYTES_MAX) {
      return null;
    }
    String text = ByteText.latin1(bytes);
    if (INFINITE.matcher(text.toLowerCase(Locale.ROOT)).matches()) {
      return INFINITY;
    }
    try {
      Matcher hexadecimal = HEXADECIMAL.matcher(text);
      BigDecimal exact = hexadecimal.matches() ? parse(hexadecimal) : new BigDecimal(text);
      if (exact.signum() == 0) {
        return ZERO;
      }
      long exponent = (long) exact.precision() - exact.scale();
      if (Math.abs(exponent) > DECIMAL_EXPONENT_MAX) {
        return null;
      }
      LongDouble rounded = rounded(exact);
      return rounded.value == null || rounded.value.signum() == 0 ? null : rounded;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static BigDecimal parse(Matcher hexadecimal) {
    String fraction = hexadecimal.group(3) == null ? "" : hexadecimal.group(3);
    BigInteger digits = new BigInteger(hexadecimal.group(2) + fraction, 16);
    String power = hexadecimal.group(4);
    int exponent = (power == null ? 0 : Integer.parseInt(power)) - 4 * fraction.length();
    if (Math.abs(exponent) > 2 * EXPONENT_MAX) {
      throw new NumberFormatException("exponent " + exponent);
    }
    BigDecimal magnitude = scaled(digits, exponent);
    return hexadecimal.group(1).equals("-") ? magnitude.negate() : magnitude;
  }

  LongDouble plus(LongDouble other) {
    if (value == null || other.value == null) {
      return INFINITY;
    }
    return rounded(value.add(other.value));
  }

  boolean isFinite() {
    return value != null;
  }

  /// As `%.17Lf` prints it, without zeros at the end and without the sign of a zero.
  @Override
  public String toString() {
    if (value == null) {
      return "inf";
    }
    BigDecimal shortened = value.setScale(DECIMALS, RoundingMode.HALF_EVEN);
    return shortened.signum() == 0 ? "0" : shortened.stripTrailingZeros().toPlainString();
  }

  private static LongDouble rounded(BigDecimal exact) {
    if (exact.signum() == 0) {
      return ZERO;
    }
    BigInteger numerator = exact.unscaledValue().abs();
    BigInteger denominator = BigInteger.ONE;
    if (exact.scale() > 0) {
      denominator = BigInteger.TEN.pow(exact.scale());
    } else {
      numerator = numerator.multiply(BigInteger.TEN.pow(-exact.scale()));
    }
    // A quotient of 65 or 66 bits: all that count and the one below them.
    int shift = SIGNIFICANT_BITS + 1 + denominator.bitLength() - numerator.bitLength();
    BigInteger[] parts =
        shift >= 0
            ? numerator.shiftLeft(shift).divideAndRemainder(denominator)
            : numerator.divideAndRemainder(denominator.shiftLeft(-shift));
    BigInteger quotient = parts[0];
    int surplus = quotient.bitLength() - SIGNIFICANT_BITS;
    BigInteger kept = quotient.shiftRight(surplus);
    BigInteger cut = quotient.subtract(kept.shiftLeft(surplus));
    int half = cut.compareTo(BigInteger.ONE.shiftLeft(surplus - 1));
    boolean tie = half == 0 && parts[1].signum() == 0;
    if (tie ? kept.testBit(0) : half >= 0) {
      kept = kept.add(BigInteger.ONE);
    }
    int exponent = surplus - shift;
    int magnitude = kept.bitLength() + exponent;
    if (magnitude > EXPONENT_MAX) {
      return INFINITY;
    }
    if (magnitude < EXPONENT_MIN) {
      return ZERO;
    }
    BigDecimal result = scaled(kept, exponent);
    return new LongDouble(exact.signum() < 0 ? result.negate() : result);
  }

  /// `digits · 2^exponent`, exactly.
  private static BigDecimal scaled(BigInteger digits, int exponent) {
    if (exponent >= 0) {
      return new BigDecimal(digits.shiftLeft(exponent));
    }
    return new BigDecimal(digits.multiply(BigInteger.valueOf(5).pow(-exponent)), -exponent)
        .stripTrailingZeros();
  }
}
