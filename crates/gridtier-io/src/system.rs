//! What the operating system says, in both languages.

use std::io::{Error, ErrorKind};

use gridtier::text;
use gridtier::text::Text;

/// The system's error: its own words in English, the kind of the error in Chinese.
#[must_use]
pub fn system_error(error: &Error) -> Text {
    let kind = match error.kind() {
        ErrorKind::NotFound => "文件或文件夹不存在",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已存在",
        ErrorKind::IsADirectory => "是文件夹",
        ErrorKind::NotADirectory => "路径中有一部分不是文件夹",
        ErrorKind::DirectoryNotEmpty => "文件夹不为空",
        ErrorKind::StorageFull => "磁盘空间不足",
        ErrorKind::QuotaExceeded => "超出磁盘配额",
        ErrorKind::ReadOnlyFilesystem => "文件系统只读",
        ErrorKind::FileTooLarge => "文件过大",
        ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => "正被占用",
        ErrorKind::InvalidFilename => "文件名无效",
        ErrorKind::InvalidInput => "参数无效",
        ErrorKind::InvalidData => "数据无效",
        ErrorKind::UnexpectedEof => "文件提前结束",
        ErrorKind::BrokenPipe => "管道已关闭",
        ErrorKind::OutOfMemory => "内存不足",
        ErrorKind::TimedOut => "超时",
        ErrorKind::Unsupported => "系统不支持此操作",
        _ => "系统错误",
    };
    match (error.raw_os_error(), error.kind()) {
        (Some(code), _) => text!("{error}", "{kind}（系统代码 {code}）"),
        // An error without a code may have no words of its own either.
        (None, _) if error.get_ref().is_none() => text!("{error}", "{kind}"),
        (None, _) => text!("{error}", "{kind}（{error}）"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_has_chinese_words() {
        let text = system_error(&Error::from_raw_os_error(2));
        assert_eq!(text.en, "No such file or directory (os error 2)");
        assert_eq!(text.zh, "文件或文件夹不存在（系统代码 2）");
        assert_eq!(system_error(&ErrorKind::NotFound.into()).zh, "文件或文件夹不存在");
    }
}
