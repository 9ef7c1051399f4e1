import Glibc
import StreamIO
import TestSupport
import Testing

extension DirectoryContents {
    /// What the directories of these tests hold.
    static let test = DirectoryContents(
        files: [
            Files(["old", "new"]), Files(["config.json"], recognizes: { $0 != Array("{}".utf8) }),
        ],
        directories: [
            Directories(
                where: { $0 == "state" }, holding: DirectoryContents(files: [Files(["moments"])]))
        ])
}

/// Runs claim what they write, and nothing of others is lost.
@Suite(.serialized) struct OutputClaimTests {
    private func write(_ path: String) throws {
        try AtomicDirectory.write(to: path, holding: .test) { temporary in
            try writeFile("\(temporary)/new", "new")
            mkdir("\(temporary)/state", 0o777)
            try writeFile("\(temporary)/state/moments", "")
        }
    }

    /// Whatever is not known by its name, kind and content is somebody's own.
    @Test(arguments: [
        "thesis.txt", ".hidden", "state/notes.txt", "config.json", "link", "other/", "state/deep/",
        "-- \n",
    ])
    func aDirectoryWithForeignThingsStays(_ name: String) throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/out"
            try write(path)
            if name == "link" {
                symlink("new", "\(path)/link")
            } else if name.hasSuffix("/") {
                mkdir("\(path)/\(name)", 0o777)
            } else {
                try writeFile("\(path)/\(name)", "{}")
            }
            let before = FileTree.files(in: path).sorted()
            let error = #expect(throws: StreamError.self) { try write(path) }
            #expect(error?.exitStatus == .cannotCreate)
            #expect(error?.description.contains("got \(name) in it") == true)
            #expect(FileTree.files(in: path).sorted() == before)
            #expect(namesInDirectory(directory) == ["out"])
        }
    }

    /// What appears beside the run's own files while it writes is kept, and the run goes on.
    @Test func whatAppearsMeanwhileIsKept() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/out"
            try write(path)
            try AtomicDirectory.write(to: path, holding: .test) { temporary in
                try writeFile("\(temporary)/old", "old")
                try writeFile("\(path)/thesis.txt", "precious")
                try writeFile("\(path)/state/notes.txt", "too")
            }
            #expect(namesInDirectory(directory) == ["out", "out.kept-1"])
            #expect(namesInDirectory(path) == ["old"])
            #expect(
                FileTree.files(in: "\(directory)/out.kept-1").sorted()
                    == ["state/notes.txt", "thesis.txt"])
        }
    }

    /// A run may save again whatever it saved before, known or not.
    @Test func whatTheRunWroteIsItsOwn() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/out"
            try OutputClaim.directory(path, .test)
            defer { OutputClaim.releaseAll() }
            for round in 0..<3 {
                try AtomicDirectory.write(to: path, holding: .test) { temporary in
                    mkdir("\(temporary)/step-\(round)", 0o777)
                    try writeFile("\(temporary)/step-\(round)/x", "")
                }
            }
            #expect(FileTree.files(in: path) == ["step-2/x"])
            #expect(namesInDirectory(directory) == [".out.lock", "out"])
        }
    }

    /// A lock that another process holds, and one whose process is no more.
    @Test func locks() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/out"
            try writeFile("\(directory)/.out.lock", "123 elsewhere\n")
            let other = open("\(directory)/.out.lock", O_RDWR)
            flock(other, LOCK_EX)
            let error = #expect(throws: StreamError.self) { try OutputClaim.file(path) }
            #expect(error == .inUse(path: path, owner: "process 123 on elsewhere"))
            #expect(error?.exitStatus == .cannotCreate)
            #expect(throws: StreamError.self) {
                try AtomicFile.write(to: path) { try $0.write([1]) }
            }
            close(other)
            try OutputClaim.file(path)
            #expect(
                String(decoding: try readFile("\(directory)/.out.lock"), as: UTF8.self)
                    == "\(getpid()) \(SystemProcess.host)\n")
            try AtomicFile.write(to: path) { try $0.write([1]) }
            OutputClaim.releaseAll()
            #expect(namesInDirectory(directory) == ["out"])
        }
    }

    @Test func oneRunDoesNotWriteOneFileTwice() throws {
        try withTemporaryDirectory { directory in
            defer { OutputClaim.releaseAll() }
            try OutputClaim.directory("\(directory)/out", .test)
            for path in ["\(directory)/out/metrics", "\(directory)/out"] {
                #expect(throws: StreamError.self) { try OutputClaim.file(path) }
            }
            try OutputClaim.file("\(directory)/a")
            #expect(throws: StreamError.self) { try OutputClaim.file("\(directory)/a") }
            #expect(throws: StreamError.self) { try OutputClaim.directory(directory, .test) }
        }
    }

    /// What cannot be written is refused at once, and leaves nothing behind.
    @Test func unwritableOutputs() throws {
        try withTemporaryDirectory { directory in
            try writeFile("\(directory)/plain", "x")
            symlink("b", "\(directory)/a")
            symlink("a", "\(directory)/b")
            for path in [
                "\(directory)/plain", "\(directory)/plain/below", "/proc/no/such", ".", "/", "",
                "/proc", "\(directory)/a", "/dev/null", "/dev/null/x",
            ] {
                let error = #expect(throws: StreamError.self, "\(path)") {
                    try OutputClaim.directory(path, .test)
                }
                #expect(error?.exitStatus == .cannotCreate, "\(path)")
            }
            for path in [
                directory, "\(directory)/no/such", "\(directory)/plain/below", "/proc/no/such",
                "\(directory)/x/", "\(directory)/a", "", "/dev/no-such", "/dev/null/x",
            ] {
                let error = #expect(throws: StreamError.self, "\(path)") {
                    try OutputClaim.file(path)
                }
                #expect(error?.exitStatus == .cannotCreate, "\(path)")
            }
            for path in ["/dev/null", "/dev/full", "-"] { try OutputClaim.file(path) }
            #expect(namesInDirectory(directory) == ["a", "b", "plain"])
        }
    }

    @Test func parentsAreMadeAndUnmade() throws {
        try withTemporaryDirectory { directory in
            try OutputClaim.directory("\(directory)/a/b/c", .test)
            #expect(namesInDirectory("\(directory)/a") == ["b"])
            OutputClaim.releaseAll()
            #expect(namesInDirectory(directory) == [])
        }
    }

    /// What killed runs left beside an output goes with the next run into it; what living ones are at
    /// work on, and what only looks alike, stays.
    @Test func leftovers() throws {
        try withTemporaryDirectory { directory in
            let dead = 999_999_999
            let stay = [
                ".out.\(getpid())-abc.tmp", ".output.\(dead)-abc.tmp", ".out.\(dead).tmp",
                ".out.x-abc.tmp", "out.\(dead)-abc.tmp",
            ]
            for name in stay + [".out.\(dead)-abc.tmp"] {
                try writeFile("\(directory)/\(name)", "")
            }
            let killed = "\(directory)/.out.\(dead)-def.tmp"
            mkdir(killed, 0o777)
            try writeFile("\(killed)/new", "half")
            try writeFile("\(killed)/.old.\(dead)-a1.tmp", "half")
            let kept = "\(directory)/.out.\(dead)-ghi.tmp"
            mkdir(kept, 0o777)
            try writeFile("\(kept)/thesis.txt", "precious")
            try write("\(directory)/out")
            #expect(namesInDirectory(directory) == (stay + ["out", "out.kept-1"]).sorted())
            #expect(namesInDirectory("\(directory)/out.kept-1") == ["thesis.txt"])
        }
    }

    /// The number of a process that began after the file was last changed was given out anew.
    @Test func numbersOfProcessesComeAgain() throws {
        try withTemporaryDirectory { directory in
            let name = "\(directory)/.out.\(getpid())-abc.tmp"
            try writeFile(name, "")
            var times = [timespec(), timespec()]
            times[0].tv_sec = 1_000_000
            times[1].tv_sec = 1_000_000
            utimensat(AT_FDCWD, name, times, 0)
            try AtomicFile.write(to: "\(directory)/out") { try $0.write([1]) }
            #expect(namesInDirectory(directory) == ["out"])
        }
    }

    /// Where two names cannot be exchanged, a run that is killed in between does not cost the output.
    @Test func anOutputOnItsWayIsBroughtBack() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/out"
            try write(path)
            rename(path, "\(directory)/.out.999999999-abc.old")
            try OutputClaim.directory(path, .test)
            OutputClaim.releaseAll()
            #expect(namesInDirectory(directory) == ["out"])
            #expect(FileTree.files(in: path).sorted() == ["new", "state/moments"])

            let target = try OutputClaim.taking(directory: path, .test)
            mkdir("\(directory)/next", 0o777)
            let older = try AtomicDirectory.moveAside("\(directory)/next", target, path)
            #expect(namesInDirectory(path) == [])
            AtomicDirectory.discard(older, of: path, .test)
            OutputClaim.release(target)
            #expect(namesInDirectory(directory) == ["out"])
        }
    }

    /// A process that was killed keeps its number until its parent asks for it.
    @Test func theDeadAreNotAtWork() throws {
        var child = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        try #require(posix_spawn(&child, "/bin/true", nil, nil, &arguments, nil) == 0)
        var information = siginfo_t()
        // Waits for its end without asking for it.
        try #require(waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) == 0)
        #expect(!SystemProcess.exists(child))
        var status: Int32 = 0
        waitpid(child, &status, 0)
        #expect(SystemProcess.exists(getpid()))
    }

    /// A claim is found again when directories have been made for it.
    @Test func directoriesMadeForAClaimDoNotRenameIt() throws {
        try withTemporaryDirectory { directory in
            mkdir("\(directory)/real", 0o777)
            symlink("real", "\(directory)/link")
            let path = "\(directory)/link/a/b/out"
            let target = try PathNames.resolving(path)
            try OutputClaim.directory(path, .test)
            defer { OutputClaim.releaseAll() }
            #expect(try PathNames.resolving(path) == target)
            try write(path)
            #expect(FileTree.files(in: path).sorted() == ["new", "state/moments"])
        }
    }

    /// A file with a name of its own until it is whole: nothing stays of it, and a signal finds it.
    @Test func filesWithoutAnonymousOnes() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/out"
            try writeFile(path, "old")
            do {
                var file = try PendingFile(path: path, allowsAnonymous: false)
                try file.writer.write([65])
                let name = try #require(
                    Interruption.temporaryPaths.first { $0.hasPrefix("\(directory)/.out.") })
                #expect(name.hasSuffix(".tmp"))
            }
            #expect(namesInDirectory(directory) == ["out"])
            #expect(try readFile(path) == Array("old".utf8))
            var file = try PendingFile(path: path, allowsAnonymous: false)
            try file.writer.write([65])
            try file.commit()
            #expect(try readFile(path) == [65])
            #expect(!Interruption.temporaryPaths.contains { $0.hasPrefix(directory) })
        }
    }

    @Test func filesWithoutAnonymousOnesGoWithASignal() async throws {
        await #expect(processExitsWith: .exitCode(143)) {
            let directory = "/tmp/cpo-test-signal-\(getppid())"
            mkdir(directory, 0o777)
            Interruption.install()
            let file = try PendingFile(path: "\(directory)/out", allowsAnonymous: false)
            kill(getpid(), SIGTERM)
            sleep(60)
            _ = consume file
        }
        let directory = "/tmp/cpo-test-signal-\(getpid())"
        defer { FileTree.remove(directory) }
        #expect(namesInDirectory(directory) == [])
        #expect(TestFile.exists(directory))
    }

    /// Links stay, and what they point to is made, whether it was there or not.
    @Test func linksAreFollowed() throws {
        try withTemporaryDirectory { directory in
            mkdir("\(directory)/far", 0o777)
            symlink("far/second", "\(directory)/first")
            symlink("file", "\(directory)/far/second")
            symlink("\(directory)/far/out", "\(directory)/tree")
            try AtomicFile.write(to: "\(directory)/first") { try $0.write([65]) }
            try write("\(directory)/tree/")
            #expect(namesInDirectory(directory) == ["far", "first", "tree"])
            #expect(namesInDirectory("\(directory)/far") == ["file", "out", "second"])
            #expect(try readFile("\(directory)/far/file") == [65])
            #expect(FileTree.kind(of: "\(directory)/first") == .other)
            #expect(FileTree.kind(of: "\(directory)/tree") == .other)
        }
    }

    /// Names are bytes; no two of them are mixed up.
    @Test(
        arguments: [
            [0x66, 0xFF], [0x66, 0xFE], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF4, 0x8F, 0x9E, 0xBF],
            [0xF4, 0x8F, 0x9E], [0xC3, 0xA9], [0x65, 0xCC, 0x81], [0xF0, 0x9F, 0x8C, 0x8D],
            [0xC0, 0xAF],
            [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82],
        ] as [[UInt8]])
    func namesAreBytes(_ bytes: [UInt8]) throws {
        let name = bytes.withUnsafeBytes { String(systemBytes: $0) }
        #expect(name.systemBytes == bytes)
        #expect(name.systemPath.map { UInt8(bitPattern: $0) } == bytes + [0])
        try withTemporaryDirectory { directory in
            try AtomicFile.write(to: "\(directory)/\(name)") { try $0.write([1]) }
            #expect(FileTree.entries(of: directory).map(\.systemBytes) == [bytes])
            var file = try InputFile(path: "\(directory)/\(name)")
            var content = [UInt8](repeating: 0, count: 4)
            #expect(try content.withUnsafeMutableBytes { try file.read(into: $0) } == 1)
        }
    }

    @Test func namesForPeople() {
        let name = [UInt8]("a\u{E9}".utf8) + [0xFF, 0x80]
        #expect(name.withUnsafeBytes { String(systemBytes: $0) }.printable == "a\u{E9}\\xFF\\x80")
    }
}
