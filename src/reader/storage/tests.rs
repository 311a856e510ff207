//! The real file system, in a temporary folder.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn folder() -> (tempfile::TempDir, DiskStorage) {
    (tempfile::tempdir().unwrap(), DiskStorage::default())
}

fn names(folder: &Path) -> Vec<OsString> {
    let mut names = DiskStorage::default().names(folder).unwrap();
    names.sort();
    names
}

#[test]
fn rows_are_appended_and_missing_folders_are_made() {
    let (folder, mut storage) = folder();
    let path = folder.path().join("a/b/c.csv");
    storage.append(&path, b"1\n").unwrap();
    storage.append(&path, b"2\n3\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"1\n2\n3\n");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777 & !0o044, 0o600, "0644, less the umask: {mode:o}");
}

#[test]
fn a_torn_last_line_is_cut_off_and_whole_lines_stay() {
    let (folder, mut storage) = folder();
    let path = folder.path().join("f");
    let long = "x".repeat(10_000);
    let after_long = format!("{long}\n{long}\n");
    for (text, whole) in [
        ("", ""),
        ("1\n2\n", "1\n2\n"),
        ("1\n2", "1\n"),
        ("1", ""),
        ("\n", "\n"),
        (&format!("{after_long}{long}"), &after_long),
        (&long, ""),
        ("1\n\0\0\0\0", "1\n"),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(storage.truncate_torn_line(&path).unwrap(), whole.len() as u64);
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    }
    assert_eq!(storage.truncate_torn_line(&folder.path().join("none")).unwrap(), 0);
}

#[test]
fn a_part_of_refused_rows_that_could_not_be_taken_back_is_cut_off_later() {
    let (folder, mut storage) = folder();
    let path = folder.path().join("f");
    fs::write(&path, "1\n2\n2\n3").unwrap();
    storage.unfinished.insert(path.clone(), 4);
    assert_eq!(storage.truncate_torn_line(&path).unwrap(), 4);
    storage.append(&path, b"5\n").unwrap();
    assert_eq!(storage.truncate_torn_line(&path).unwrap(), 6, "only once");
}

#[test]
fn a_disk_that_takes_nothing_is_an_error() {
    let mut storage = DiskStorage::default();
    let error = storage.append(Path::new("/dev/full"), b"1\n").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_file_is_replaced_whole_and_nothing_else_is_left() {
    let (folder, mut storage) = folder();
    let path = folder.path().join("new/page.html");
    storage.create(&path, b"one").unwrap();
    // Left behind by a kill.
    fs::write(path.with_file_name(".page.html.tmp"), "half").unwrap();
    storage.replace_volatile(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(names(&folder.path().join("new")), ["page.html"]);
}

#[test]
fn a_link_in_the_place_of_the_temporary_file_is_not_followed() {
    let (folder, mut storage) = folder();
    let other = folder.path().join("other");
    fs::write(&other, "untouched").unwrap();
    std::os::unix::fs::symlink(&other, folder.path().join(".f.tmp")).unwrap();
    storage.create(&folder.path().join("f"), b"content").unwrap();
    assert_eq!(fs::read(&other).unwrap(), b"untouched");
}

#[test]
fn a_file_that_cannot_be_replaced_leaves_no_temporary_file() {
    let (folder, mut storage) = folder();
    fs::create_dir(folder.path().join("f")).unwrap();
    assert!(storage.create(&folder.path().join("f"), b"content").is_err());
    assert_eq!(names(folder.path()), ["f"]);
}

#[test]
fn the_head_of_a_file_is_read_and_changed() {
    let (folder, mut storage) = folder();
    let path = folder.path().join("f");
    fs::write(&path, "a\nb\n1\n2\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(storage.head(&path, 2).unwrap(), b"a\nb\n");
    storage.replace_header(&path, 4, b"longer\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"longer\n1\n2\n");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(storage.head(&path, 9).unwrap(), b"longer\n1\n2\n");
}

#[test]
fn memory_is_told_from_a_disk_and_a_disk_has_so_many_bytes_free() {
    let mut storage = DiskStorage::default();
    assert_eq!(storage.free(Path::new("/dev/shm")).unwrap(), None);
    // Of no file system it is known that it is no tmpfs here, except for this one.
    assert_eq!(storage.free(Path::new("/proc")).unwrap(), Some(0));
    let error = storage.free(Path::new("/no/such/folder")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn what_lies_in_memory_is_volatile_and_a_missing_folder_is_where_its_parent_is() {
    assert!(is_volatile(Path::new("/dev/shm")));
    assert!(is_volatile(Path::new("/dev/shm/no/such/folder")));
    assert!(!is_volatile(Path::new("/proc")));
}

#[test]
fn each_file_that_is_written_is_progress() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static PROGRESS: AtomicUsize = AtomicUsize::new(0);
    let folder = tempfile::tempdir().unwrap();
    let count = || {
        PROGRESS.fetch_add(1, Ordering::Relaxed);
    };
    let mut storage = DiskStorage::reporting(count);
    let path = folder.path().join("f");
    storage.append(&path, b"a\n1\n").unwrap();
    storage.create(&folder.path().join("g"), b"1\n").unwrap();
    storage.replace_header(&path, 2, b"b\n").unwrap();
    assert_eq!(PROGRESS.load(Ordering::Relaxed), 3);
    storage.sync_dirs();
    assert_eq!(PROGRESS.load(Ordering::Relaxed), 4);
}

#[test]
fn a_lock_is_taken_once_and_kept_as_long_as_it_is_needed() {
    let (folder, mut storage) = folder();
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    let mut second = DiskStorage::default();
    assert_eq!([storage.lock(&one), storage.lock(&one), storage.lock(&other)], [None; 3]);
    assert_eq!(second.lock(&one), Some(Holder::Unknown), "it has our process ID and is not we");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&one, &link).unwrap();
    assert_eq!(storage.lock(&link), Some(Holder::Ourselves));
    fs::remove_file(link).unwrap();
    storage.retain_locks(&BTreeSet::from([other.clone()]));
    assert_eq!(second.lock(&one), None);
    assert_eq!(second.lock(&other), Some(Holder::Unknown));
    drop((storage, second));
    assert_eq!(names(folder.path()), [""; 0]);
    // Where there can be no lock, there is none.
    assert_eq!(DiskStorage::default().lock(&folder.path().join("none/lock")), None);
}
