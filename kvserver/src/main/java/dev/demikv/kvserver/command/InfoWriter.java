package dev.demikv.kvserver.command;

/// Collects the lines of INFO.
public final class InfoWriter {
  private final StringBuilder text = new StringBuilder();

  InfoWriter() {}

  void section(String title) {
    if (!text.isEmpty()) {
      text.append("\r\n");
    }
    text.append("# ").append(title).append("\r\n");
  }

  /// Adds a line.
  public void field(String name, String value) {
    text.append(name).append(':').append(value).append("\r\n");
  }

  /// Adds a line.
  public void field(String name, long value) {
    text.append(name).append(':').append(value).append("\r\n");
  }

  String text() {
    return text.toString();
  }
}
