//! External tables: a program cannot tell them from others.

mod contract;
mod model;
mod programs;
