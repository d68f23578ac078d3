//! `digest template check`: what is wrong with the admin's templates, before a mail has to do without them.

use super::app::{self, AppError};
use super::args::{Args, TemplateAction};
use super::out;
use crate::daemon::setup::templates_of;
use crate::edition::TemplateError;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(args: &Args, action: &TemplateAction) -> Result<(), AppError> {
    let TemplateAction::Check { folder } = action;
    let folder = match folder {
        Some(folder) => Some(folder.clone()),
        None => app::load_config(args).map_err(AppError::Config)?.templates,
    };
    let Some(folder) = folder else {
        out::line("Chưa có thư mục templates/ cạnh diembao.toml: thư dùng mẫu có sẵn.");
        return Ok(());
    };
    let names = ["digest.html.j2", "digest.txt.j2"];
    let there: Vec<&str> = names
        .into_iter()
        .filter(|name| folder.join(name).exists())
        .collect();
    if there.is_empty() {
        return Err(AppError::Usage(format!(
            "{}: there is neither {} nor {}",
            folder.display(),
            names[0],
            names[1]
        )));
    }
    let (_, faults) = templates_of(&folder);
    for fault in &faults {
        show(args, &folder, fault);
    }
    if !faults.is_empty() {
        return Err(AppError::Work(anyhow::anyhow!(
            "{} mistakes; the built-in templates are used until they are mended",
            faults.len()
        )));
    }
    let there: Vec<PathBuf> = there.iter().map(|name| folder.join(name)).collect();
    for path in there {
        out::line(&format!("{}: dùng được.", path.display()));
    }
    Ok(())
}

fn show(args: &Args, folder: &Path, fault: &TemplateError) {
    let file = folder.join(&fault.name);
    if args.json {
        out::json(&json!({
            "file": file, "line": fault.line, "field": fault.field, "what": fault.reason, "what_vi": fault.reason_vi,
        }));
        return;
    }
    let field = fault.field.as_ref();
    let field = field.map(|field| format!("{field}: ")).unwrap_or_default();
    out::line(&out::safe(&format!(
        "{}:{}: {field}{}",
        file.display(),
        fault.line,
        fault.reason_vi
    )));
}
