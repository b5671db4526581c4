//! Sign-in at the city's identity provider (OpenID Connect, authorization code with PKCE) and sign-out.
//!
//! Residents never get a cookie. `/sign-in` sets one for the ten minutes that a sign-in may take, which ties the answer of
//! the issuer to the browser that asked; after it, another one with a new secret is the session.
mod cookie;
mod flow;
pub(crate) mod oidc;
pub(crate) mod session;

pub(crate) use flow::routes;
