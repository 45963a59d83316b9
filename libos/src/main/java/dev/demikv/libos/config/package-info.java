/// Configuration of a LibOs: records that validate themselves in their constructors. Rank 2.
package dev.demikv.libos.config;
