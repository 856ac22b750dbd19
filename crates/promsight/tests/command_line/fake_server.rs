//! A server on loopback that answers as a test wants it, well or badly.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// One answer, down to its bytes.
pub(crate) struct Answer {
    head: String,
    body: Vec<u8>,
    manner: Manner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Whole,
    /// Half of the body, and the connection is closed.
    Truncated,
    /// Nothing at all.
    Closed,
    /// The body again and again.
    Endless,
}

impl Answer {
    fn new(status: &str, kind: &str, body: &str) -> Self {
        Self {
            head: format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n"),
            body: body.as_bytes().to_vec(),
            manner: Manner::Whole,
        }
    }

    pub(crate) fn json(body: &str) -> Self {
        Self::new("200 OK", "application/json", body)
    }

    pub(crate) fn html(body: &str) -> Self {
        Self::new("200 OK", "text/html", body)
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::new(&format!("{status} Status"), "text/plain", "")
    }

    pub(crate) fn redirect(location: &str) -> Self {
        let mut answer = Self::status(302);
        answer.head.push_str(&format!("Location: {location}\r\n"));
        answer
    }

    pub(crate) fn truncated(body: &str) -> Self {
        Self {
            manner: Manner::Truncated,
            ..Self::json(body)
        }
    }

    pub(crate) fn closed() -> Self {
        Self {
            manner: Manner::Closed,
            ..Self::json("")
        }
    }

    pub(crate) fn endless() -> Self {
        Self {
            manner: Manner::Endless,
            ..Self::json(&" ".repeat(1 << 20))
        }
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        match self.manner {
            Manner::Closed => Ok(()),
            Manner::Endless => {
                stream.write_all(format!("{}\r\n", self.head).as_bytes())?;
                // Until the other side has had enough.
                loop {
                    stream.write_all(&self.body)?;
                }
            }
            Manner::Whole | Manner::Truncated => {
                let length = self.body.len();
                let sent = if self.manner == Manner::Whole {
                    length
                } else {
                    length / 2
                };
                stream.write_all(format!("{}Content-Length: {length}\r\n\r\n", self.head).as_bytes())?;
                stream.write_all(&self.body[..sent])
            }
        }
    }
}

/// The server; it stops when it is dropped.
pub(crate) struct FakeServer {
    address: String,
    request: Arc<Mutex<String>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FakeServer {
    /// Starts one that answers each path so.
    pub(crate) fn start(answer: fn(&str) -> Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (request, stopped) = (
            Arc::new(Mutex::new(String::new())),
            Arc::new(AtomicBool::new(false)),
        );
        let (kept, stops) = (Arc::clone(&request), Arc::clone(&stopped));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stops.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, answer, &kept));
            }
        });
        Self {
            address: format!("http://{address}"),
            request,
            stopped,
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The head of the last request, in lower case but for the values; empty where there was none.
    pub(crate) fn last_request(&self) -> String {
        self.request.lock().expect("no thread panicked").clone()
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, answer: fn(&str) -> Answer, kept: &Mutex<String>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let Some(path) = head.split(' ').nth(1) else {
        return;
    };
    let lines = head.lines().map(|line| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_lowercase()),
        None => line.to_owned(),
    });
    *kept.lock().expect("no thread panicked") = lines.collect::<Vec<_>>().join("\n");
    let _ = answer(path).send(&mut stream);
}
