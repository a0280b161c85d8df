//! Names and addresses, in the forms that tokio takes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Knows the addresses of names. Within a run, a node's name is its host name.
pub trait Names {
    /// The address of a host.
    fn address_of(&self, host: &str) -> Option<IpAddr>;
}

/// What stands for one or more addresses, like `tokio::net::ToSocketAddrs`: a `SocketAddr`, an IP address and a port, a
/// text such as `"10.0.0.2:7000"` or `"replica-1:7000"` (the name of a node), or a name and a port.
///
/// It cannot be implemented outside of this crate.
pub trait ToSocketAddrs: sealed::Resolve {}

pub(crate) mod sealed {
    use super::{Addresses, Names};
    use std::io;
    use std::net::SocketAddr;

    pub trait Resolve {
        #[doc(hidden)]
        fn resolve(&self, names: &dyn Names) -> io::Result<Addresses>;

        /// The address, if it is one already: the short way.
        #[doc(hidden)]
        #[inline]
        fn literal(&self) -> Option<SocketAddr> {
            None
        }
    }
}

pub(crate) use sealed::Resolve;

/// The addresses that something stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// Exactly one.
    One(SocketAddr),
    /// Any number.
    Many(Vec<SocketAddr>),
}

impl Addresses {
    /// The addresses.
    pub fn as_slice(&self) -> &[SocketAddr] {
        match self {
            Addresses::One(one) => std::slice::from_ref(one),
            Addresses::Many(many) => many,
        }
    }

    /// The first address.
    ///
    /// # Errors
    /// `InvalidInput` when there is none.
    #[inline]
    pub fn first(&self) -> io::Result<SocketAddr> {
        match self {
            Addresses::One(one) => Ok(*one),
            Addresses::Many(many) => many.first().copied().ok_or_else(none),
        }
    }
}

/// The error of an empty list of addresses.
pub(crate) fn none() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the list of addresses is empty: give at least one")
}

fn host(host: &str, port: u16, names: &dyn Names) -> io::Result<Addresses> {
    let ip = match host.parse::<IpAddr>() {
        Ok(ip) => ip,
        Err(_) if host == "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Err(_) => names.address_of(host).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("no node is called `{host}`: a host name is the name of a node"),
            )
        })?,
    };
    Ok(Addresses::One(SocketAddr::new(ip, port)))
}

macro_rules! resolve {
    ($($type:ty: |$value:ident, $names:ident| $body:expr;)*) => {$(
        impl Resolve for $type {
            #[inline]
            fn resolve(&self, $names: &dyn Names) -> io::Result<Addresses> {
                let $value = self;
                $body
            }
        }

        impl ToSocketAddrs for $type {}
    )*};
}

resolve! {
    [SocketAddr]: |value, _names| Ok(Addresses::Many(value.to_vec()));
    (&str, u16): |value, names| host(value.0, value.1, names);
    (String, u16): |value, names| host(&value.0, value.1, names);
    String: |value, names| value.as_str().resolve(names);
    str: |value, names| {
        if let Ok(address) = value.parse() {
            return Ok(Addresses::One(address));
        }
        let parts = value.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
        let Some((name, port)) = parts else {
            let message = format!("`{value}` is not an address: write `host:port`, the port from 0 to 65535");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        };
        host(name, port, names)
    };
}

macro_rules! literal {
    ($($type:ty),*) => {$(
        impl Resolve for $type {
            fn resolve(&self, _: &dyn Names) -> io::Result<Addresses> {
                Ok(Addresses::One(SocketAddr::from(*self)))
            }

            #[inline]
            fn literal(&self) -> Option<SocketAddr> {
                Some(SocketAddr::from(*self))
            }
        }

        impl ToSocketAddrs for $type {}
    )*};
}

literal!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl<T: Resolve + ?Sized> Resolve for &T {
    fn resolve(&self, names: &dyn Names) -> io::Result<Addresses> {
        (**self).resolve(names)
    }

    #[inline]
    fn literal(&self) -> Option<SocketAddr> {
        (**self).literal()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zone;

    impl Names for Zone {
        fn address_of(&self, host: &str) -> Option<IpAddr> {
            (host == "replica-1").then_some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)))
        }
    }

    fn one(what: impl ToSocketAddrs) -> String {
        what.resolve(&Zone).unwrap().first().unwrap().to_string()
    }

    fn error(what: impl ToSocketAddrs) -> (io::ErrorKind, String) {
        let error = what.resolve(&Zone).and_then(|found| found.first()).unwrap_err();
        (error.kind(), error.to_string())
    }

    #[test]
    fn each_form_is_understood() {
        let (ip, v4) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), Ipv4Addr::new(10, 0, 0, 2));
        let address = SocketAddr::new(ip, 7000);
        for text in [
            one(address),
            one(address),
            one((ip, 7000)),
            one((v4, 7000)),
            one("10.0.0.2:7000"),
            one("10.0.0.2:7000".to_owned()),
            one("replica-1:7000"),
            one(("replica-1", 7000)),
            one(("replica-1".to_owned(), 7000)),
            one(("10.0.0.2", 7000)),
            one(&[address, "10.0.0.3:1".parse().unwrap()][..]),
        ] {
            assert_eq!(text, "10.0.0.2:7000");
        }
        assert_eq!(Resolve::literal(&&address), Some(address));
        assert_eq!("10.0.0.2:7000".literal(), None);
        assert_eq!(one("localhost:5"), "127.0.0.1:5");
        assert_eq!(one("[::1]:5"), "[::1]:5");
    }

    #[test]
    fn errors_say_what_would_be_right() {
        use io::ErrorKind::{InvalidInput, NotFound};
        let line = |text: &str| text.to_owned();
        assert_eq!(
            error("replica-9:1"),
            (NotFound, line("no node is called `replica-9`: a host name is the name of a node"))
        );
        for text in ["replica-1", "replica-1:", "replica-1:70000", ""] {
            let message =
                format!("`{text}` is not an address: write `host:port`, the port from 0 to 65535");
            assert_eq!(error(text), (InvalidInput, message));
        }
        assert_eq!(error(&[][..]).0, InvalidInput);
    }
}
