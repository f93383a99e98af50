// SPDX-License-Identifier: MIT OR Apache-2.0

//! Drives the homey-sim program over its ports with an ordinary HTTP client.

mod auth;
mod cloud;
mod cloud_control;
mod cloud_login;
mod cloud_tokens;
mod control;
mod devices;
mod fault_arrivals;
mod fault_bodies;
mod fault_control;
mod fault_requests;
mod household;
mod insights;
mod mdns;
mod raw;
mod realtime;
mod relay;
mod relay_socket;
mod sim;
mod socket;
mod things;
mod tls;
mod wire;
