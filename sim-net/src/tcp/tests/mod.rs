//! Connections without a network: one end alone, or two that talk to each other.

mod conversation;
mod lose_any_packet;
mod model;
mod one_end;
mod sender_rules;
