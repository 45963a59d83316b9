package dev.demikv.libos.config;

/// A documented option of a backend.
///
/// @param key full name, as `storage.file.path`
/// @param defaultValue as it would be written in a configuration; empty for none
/// @param description one sentence with unit and range
public record OptionSpec(String key, String defaultValue, String description) {}
