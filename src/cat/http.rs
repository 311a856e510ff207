//! One telegram as the answer to an HTTP request: for Prometheus, and for whatever else polls a URL.
//!
//! Owns the request and the status and headers of the answer. A service manager accepts the connection and
//! starts a program for each, whose standard input and output it is.
//!
//! It answers GET, whatever the path, and closes the connection (RFC 9112).

use std::io::{self, Read, Write};
use std::time::Duration;

use super::Format;

/// The longest request, in bytes.
const MAX_REQUEST: usize = 8 * 1024;

/// How long a client may take to send its request.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for a telegram, unless `--timeout` says otherwise: longer than the ten seconds between those
/// of older meters.
pub(super) const TELEGRAM_TIMEOUT: Duration = Duration::from_secs(25);

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The telegram.
    Get,
    /// Something else that HTTP knows, such as POST.
    Other,
    /// This is not HTTP, or it is too long, or it did not end.
    Bad,
}

impl Request {
    /// Reads a request up to the empty line that ends its headers.
    pub fn read(mut input: impl Read) -> Self {
        let mut request = Vec::new();
        let mut chunk = [0; 1024];
        while !is_whole(&request) {
            match input.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(length @ 1..) if request.len() + length <= MAX_REQUEST => {
                    request.extend_from_slice(&chunk[..length]);
                }
                _ => return Self::Bad,
            }
        }
        let line = request.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let mut words = line.trim_ascii_end().split(|&byte| byte == b' ');
        match [words.next(), words.next(), words.next()] {
            [Some(b"GET"), Some(_), Some(version)] if version.starts_with(b"HTTP/1.") => Self::Get,
            [Some(_), Some(_), Some(version)] if version.starts_with(b"HTTP/1.") => Self::Other,
            _ => Self::Bad,
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let ends = |end: &[u8]| request.windows(end.len()).any(|window| window == end);
    ends(b"\r\n\r\n") || ends(b"\n\n")
}

/// Writes the answer to a request: what was printed of a telegram, or `None` when none came.
pub(super) fn answer(
    request: Request,
    format: &Format,
    printed: Option<&[u8]>,
    mut out: impl Write,
) -> io::Result<()> {
    let (status, kind, body): (_, _, &[u8]) = match (request, printed) {
        (Request::Get, Some(body)) => ("200 OK", content_type(format), body),
        (Request::Get, None) => ("503 Service Unavailable", TEXT, b"no telegram came in time\n"),
        (Request::Other, _) => ("405 Method Not Allowed\r\nAllow: GET", TEXT, b"GET only\n"),
        (Request::Bad, _) => ("400 Bad Request", TEXT, b"not an HTTP request\n"),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    out.write_all(&[head.as_bytes(), body].concat())?;
    out.flush()
}

const TEXT: &str = "text/plain; charset=utf-8";

fn content_type(format: &Format) -> &'static str {
    match format {
        Format::Json | Format::Readings => "application/json",
        Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        Format::Csv => "text/csv; charset=utf-8",
        Format::Influx | Format::Obis | Format::Text | Format::Template(_) => TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_to_its_empty_line_and_no_further_than_its_bound() {
        let long = [b"GET / HTTP/1.1\r\n".as_slice(), &[b'a'; MAX_REQUEST], b"\r\n\r\n"].concat();
        for (text, request) in [
            (b"GET /metrics HTTP/1.1\r\nHost: pi\r\n\r\n".as_slice(), Request::Get),
            (b"GET / HTTP/1.0\n\n", Request::Get),
            (b"POST / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", Request::Other),
            (b"HEAD / HTTP/1.1\r\n\r\n", Request::Other),
            (b"GET /metrics HTTP/1.1\r\nHost: pi\r\n", Request::Bad),
            (b"GET /\r\n\r\n", Request::Bad),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Request::Bad),
            (b"\x16\x03\x01\r\n\r\n", Request::Bad),
            (b"", Request::Bad),
            (&long, Request::Bad),
        ] {
            assert_eq!(Request::read(text), request, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_connection_that_fails_is_no_request() {
        struct Reset;
        impl Read for Reset {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        assert_eq!(Request::read(b"GET / HTTP/1.1\r\n".chain(Reset)), Request::Bad);
    }

    #[test]
    fn each_request_has_its_answer() {
        let answered = |request, format: &str, printed: Option<&[u8]>| {
            let mut out = Vec::new();
            answer(request, &format.parse().unwrap(), printed, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            answered(Request::Get, "prometheus", Some(b"p1_tariff 1\n")),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
             Content-Length: 12\r\nCache-Control: no-store\r\nConnection: close\r\n\r\np1_tariff 1\n"
        );
        assert!(answered(Request::Get, "readings", Some(b"{}\n")).contains("application/json\r\n"));
        assert!(answered(Request::Get, "csv", None).starts_with("HTTP/1.1 503 "));
        assert!(answered(Request::Other, "json", None).starts_with("HTTP/1.1 405 "));
        assert!(answered(Request::Bad, "json", Some(b"{}")).starts_with("HTTP/1.1 400 "));
    }
}
