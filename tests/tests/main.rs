//! The one integration binary: each module is a part of the product seen from outside.

mod paginations;
