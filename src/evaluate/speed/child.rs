//! The measured side: a process with one model in memory, which answers requests line by line.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::{
    error::Hint as _,
    evaluate::{Continuation, EvalError, ModelSource, ResidentModel},
    job::JobContext,
    platform,
};

/// The hidden command of the program that calls [`serve`].
pub const RESIDENT_COMMAND: &str = "resident";

/// What the parent asks, a line of JSON each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    Forward { ids: Vec<u32> },
    Continue { ids: Vec<u32>, max_tokens: usize },
    Finish,
}

/// What the process says, a line of JSON each: first that it has loaded, then a reply to each request.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Loaded { name: String, load_secs: f64 },
    Forward { forward_secs: f64 },
    Continued(Continuation),
    Finished { peak_memory_bytes: Option<u64> },
    Failed { problem: String },
}

/// Loads `source` and answers the requests that come in, until there are no more.
///
/// # Errors
/// A parent that is gone.
pub fn serve(source: &ModelSource, requests: impl BufRead, mut replies: impl Write) -> std::io::Result<()> {
    let job = JobContext::unwatched();
    let started = std::time::Instant::now();
    let model = match ResidentModel::load(source, &job) {
        Ok(model) => model,
        Err(error) => return send(&mut replies, &failed(&error)),
    };
    let load_secs = started.elapsed().as_secs_f64();
    send(&mut replies, &Reply::Loaded { name: model.name().to_owned(), load_secs })?;
    for line in requests.lines() {
        let reply = match serde_json::from_str(&line?)? {
            Request::Forward { ids } => model.forward_secs(&ids).map(|forward_secs| Reply::Forward { forward_secs }),
            Request::Continue { ids, max_tokens } => {
                model.continue_greedily(&ids, max_tokens, &job).map(Reply::Continued)
            }
            Request::Finish => Ok(Reply::Finished { peak_memory_bytes: platform::peak_memory_bytes() }),
        };
        send(&mut replies, &reply.unwrap_or_else(|error| failed(&error)))?;
    }
    Ok(())
}

fn failed(error: &EvalError) -> Reply {
    let hint = error.hint().map_or_else(String::new, |hint| format!(" ({hint})"));
    Reply::Failed { problem: format!("{error}{hint}") }
}

fn send(replies: &mut impl Write, reply: &Reply) -> std::io::Result<()> {
    writeln!(replies, "{}", serde_json::to_string(reply)?)?;
    replies.flush()
}
