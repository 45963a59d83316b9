/// Configuration of the server: one documented table of keys, and a checked set of values.
///
/// ```
///   ConfigKeys (the table: name, kind, default, range, text)
///      ├─ ConfigReader    file (HOCON) + --set key=value → ServerConfig, or an error that says
///      │                  what to do
///      ├─ ConfigDocument  --help-config and configs/kvserver.conf
///      └─ ServerConfig    typed values; CONFIG GET and CONFIG SET
/// ```
///
/// A key is added in [ConfigKeys] and nowhere else. Options of the library OS's backends are keys
/// as well; they are checked by the backend that reads them.
package dev.demikv.kvserver.config;
