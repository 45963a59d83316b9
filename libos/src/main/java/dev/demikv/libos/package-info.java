/// The composition root of the library operating system: the one place that knows every backend.
///
/// An application asks here for a LibOs with a configuration and gets the device-agnostic queue
/// interface of the Demikernel (PDPIX: push, pop, wait) over the devices that the configuration
/// names. Everything below is put together here, and only here are a clock and a source of
/// randomness chosen.
///
/// It is not the interface itself, which applications import from `dev.demikv.libos.api`.
///
/// Imports only go down through the packages; the architecture test holds the order.
package dev.demikv.libos;
