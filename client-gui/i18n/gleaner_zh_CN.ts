<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>Attention</name>
    <message>
        <source>Gleaner needs you</source>
        <translation>拾穗需要您处理</translation>
    </message>
    <message>
        <source>%1 does not work any more</source>
        <translation>%1 无法工作了</translation>
    </message>
</context>
<context>
    <name>HeadlineWording</name>
    <message>
        <source>Looking for the node…</source>
        <translation>正在寻找节点…</translation>
    </message>
    <message>
        <source>The node is not running</source>
        <translation>节点没有运行</translation>
    </message>
    <message>
        <source>Nothing works on this computer and nothing is earned. Start the service gleaner-node; Gleaner connects by itself as soon as it runs.</source>
        <translation>这台电脑现在不工作，也没有收益。请启动 gleaner-node 服务，启动后拾穗会自动连接。</translation>
    </message>
    <message>
        <source>You may not look at the node</source>
        <translation>您无权查看节点</translation>
    </message>
    <message>
        <source>Ask whoever runs this computer to add your user to the group &quot;gleaner&quot;, then sign out and in again.</source>
        <translation>请电脑管理员把您的用户加入 gleaner 组，然后注销并重新登录。</translation>
    </message>
    <message>
        <source>The node is of another version</source>
        <translation>节点版本不一致</translation>
    </message>
    <message>
        <source>This window and the node do not understand each other. Install the same version of both. The node itself goes on working meanwhile.</source>
        <translation>本程序与节点版本不同，无法通信。请把两者装成同一版本。节点本身仍在正常工作。</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>正在启动</translation>
    </message>
    <message>
        <source>Not set up yet</source>
        <translation>尚未设置</translation>
    </message>
    <message>
        <source>This computer belongs to no site yet. Set it up to begin.</source>
        <translation>这台电脑还不属于任何站点。请先完成设置。</translation>
    </message>
    <message>
        <source>Earning</source>
        <translation>正在赚钱</translation>
    </message>
    <message>
        <source>Ready, waiting for work</source>
        <translation>已就绪，等待任务</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Goes on in %1.</source>
        <translation>%1后继续。</translation>
    </message>
    <message>
        <source>Not connected to the coordinator</source>
        <translation>未连接协调服务器</translation>
    </message>
    <message>
        <source>The node tries again by itself; nothing needs to be done.</source>
        <translation>节点会自动重试，您无需处理。</translation>
    </message>
    <message>
        <source>Something needs you</source>
        <translation>有事情需要您处理</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>正在停止</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <comment>two sentences</comment>
        <translation>%1%2</translation>
    </message>
</context>
<context>
    <name>SaveText</name>
    <message>
        <source>Saved in %1.</source>
        <translation>已保存到 %1。</translation>
    </message>
    <message>
        <source>%1 could not be written: %2. Choose another folder.</source>
        <translation>无法写入 %1：%2。请选择其他文件夹。</translation>
    </message>
</context>
<context>
    <name>SuggestionWords</name>
    <message>
        <source>A seat in an internet café</source>
        <translation>网吧里的一台机器</translation>
    </message>
    <message>
        <source>A server without a person at it</source>
        <translation>无人值守的服务器</translation>
    </message>
    <message>
        <source>A computer at home or at work</source>
        <translation>家里或单位的电脑</translation>
    </message>
</context>
<context>
    <name>Wording</name>
    <message numerus="yes">
        <source>%n second(s)</source>
        <translation>
            <numerusform>%n 秒</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s)</source>
        <translation>
            <numerusform>%n 分钟</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n hour(s)</source>
        <translation>
            <numerusform>%n 小时</numerusform>
        </translation>
    </message>
    <message>
        <source>Working</source>
        <translation>工作中</translation>
    </message>
    <message>
        <source>Working slowly</source>
        <translation>低速运行中</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>故障</translation>
    </message>
    <message>
        <source>Memory, copy</source>
        <translation>内存拷贝</translation>
    </message>
    <message>
        <source>Memory, triad</source>
        <translation>内存三元组 (triad)</translation>
    </message>
    <message>
        <source>Computing, FP32</source>
        <translation>计算，FP32</translation>
    </message>
    <message>
        <source>Computing, FP16 tensor</source>
        <translation>计算，FP16 张量</translation>
    </message>
    <message>
        <source>Computing, BF16 tensor</source>
        <translation>计算，BF16 张量</translation>
    </message>
    <message>
        <source>Computing, INT8</source>
        <translation>计算，INT8</translation>
    </message>
    <message>
        <source>To the card</source>
        <translation>传入显卡</translation>
    </message>
    <message>
        <source>From the card</source>
        <translation>传出显卡</translation>
    </message>
    <message>
        <source>Usable memory</source>
        <translation>可用内存</translation>
    </message>
    <message>
        <source>Reading a prompt</source>
        <translation>读取提示词</translation>
    </message>
    <message>
        <source>Writing an answer</source>
        <translation>生成回答</translation>
    </message>
    <message>
        <source>chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>text completion</source>
        <translation>文本补全</translation>
    </message>
    <message>
        <source>text search (embeddings)</source>
        <translation>文本检索（嵌入）</translation>
    </message>
    <message>
        <source>the hours of the week</source>
        <translation>每周时段</translation>
    </message>
    <message>
        <source>the idle minutes</source>
        <translation>空闲分钟数</translation>
    </message>
    <message>
        <source>what happens while somebody is here</source>
        <translation>有人使用时的处理</translation>
    </message>
    <message>
        <source>the games</source>
        <translation>游戏</translation>
    </message>
    <message>
        <source>the list of well-known games</source>
        <translation>常见游戏列表</translation>
    </message>
    <message>
        <source>the processor use of other programs</source>
        <translation>其他程序的处理器占用</translation>
    </message>
    <message>
        <source>battery power</source>
        <translation>电池供电</translation>
    </message>
    <message>
        <source>metered networks</source>
        <translation>按流量计费的网络</translation>
    </message>
    <message>
        <source>full-screen programs</source>
        <translation>全屏程序</translation>
    </message>
    <message>
        <source>films</source>
        <translation>视频播放</translation>
    </message>
    <message>
        <source>the graphics card&apos;s temperature</source>
        <translation>显卡温度</translation>
    </message>
    <message>
        <source>the processor&apos;s temperature</source>
        <translation>处理器温度</translation>
    </message>
    <message>
        <source>the graphics card&apos;s power</source>
        <translation>显卡功率</translation>
    </message>
    <message>
        <source>the processor threads</source>
        <translation>处理器线程数</translation>
    </message>
    <message>
        <source>the memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>the disk space</source>
        <translation>磁盘空间</translation>
    </message>
    <message>
        <source>the download speed</source>
        <translation>下载速度</translation>
    </message>
    <message>
        <source>the upload speed</source>
        <translation>上传速度</translation>
    </message>
    <message>
        <source>the traffic of a month</source>
        <translation>每月流量</translation>
    </message>
    <message>
        <source>how memory is given back</source>
        <translation>内存释放方式</translation>
    </message>
    <message>
        <source>when the café opens</source>
        <translation>开门时间</translation>
    </message>
    <message>
        <source>when the café closes</source>
        <translation>打烊时间</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Information</source>
        <translation>信息</translation>
    </message>
    <message>
        <source>Keyboard and mouse</source>
        <translation>键盘和鼠标</translation>
    </message>
    <message>
        <source>Full-screen programs</source>
        <translation>全屏程序</translation>
    </message>
    <message>
        <source>Films</source>
        <translation>视频播放</translation>
    </message>
    <message>
        <source>Locked screen</source>
        <translation>屏幕锁定</translation>
    </message>
    <message>
        <source>Shutdown</source>
        <translation>关机</translation>
    </message>
    <message>
        <source>Metered network</source>
        <translation>按流量计费的网络</translation>
    </message>
    <message>
        <source>Other programs on the graphics card</source>
        <translation>占用显卡的其他程序</translation>
    </message>
    <message>
        <source>Read the users&apos; passwords (/etc/shadow)</source>
        <translation>读取用户密码（/etc/shadow）</translation>
    </message>
    <message>
        <source>Read the list of users (/etc/passwd)</source>
        <translation>读取用户列表（/etc/passwd）</translation>
    </message>
    <message>
        <source>Read the administrator&apos;s folder</source>
        <translation>读取管理员的文件夹</translation>
    </message>
    <message>
        <source>Read the users&apos; folders</source>
        <translation>读取用户的文件夹</translation>
    </message>
    <message>
        <source>Read the data of other programs (/var)</source>
        <translation>读取其他程序的数据（/var）</translation>
    </message>
    <message>
        <source>Read what the computer starts from (/boot)</source>
        <translation>读取系统启动文件（/boot）</translation>
    </message>
    <message>
        <source>Read USB sticks and other drives</source>
        <translation>读取 U 盘等外接存储</translation>
    </message>
    <message>
        <source>Read the kernel&apos;s memory as a file</source>
        <translation>以文件方式读取内核内存</translation>
    </message>
    <message>
        <source>Create a file beside the system&apos;s folders</source>
        <translation>在系统根目录新建文件</translation>
    </message>
    <message>
        <source>Create a file among the system&apos;s own (/usr)</source>
        <translation>在系统文件中新建文件（/usr）</translation>
    </message>
    <message>
        <source>Add a program to the system&apos;s programs</source>
        <translation>在系统程序中添加程序</translation>
    </message>
    <message>
        <source>Add a file to the engine&apos;s program</source>
        <translation>在引擎程序目录中添加文件</translation>
    </message>
    <message>
        <source>Create a file among the devices (/dev)</source>
        <translation>在设备目录中新建文件（/dev）</translation>
    </message>
    <message>
        <source>Create a file among running services&apos; own (/run)</source>
        <translation>在运行中服务的目录里新建文件（/run）</translation>
    </message>
    <message>
        <source>Set what the system starts after a crash</source>
        <translation>修改系统崩溃后启动的程序</translation>
    </message>
    <message>
        <source>Set what the system loads drivers with</source>
        <translation>修改系统加载驱动所用的程序</translation>
    </message>
    <message>
        <source>Give the kernel an emergency command</source>
        <translation>向内核发送紧急命令</translation>
    </message>
    <message>
        <source>Set what the system starts for new devices</source>
        <translation>修改接入新设备时启动的程序</translation>
    </message>
    <message>
        <source>Change the model&apos;s file</source>
        <translation>修改模型文件</translation>
    </message>
    <message>
        <source>Get a writable system folder</source>
        <translation>取得可写的系统根目录</translation>
    </message>
    <message>
        <source>Get writable system files</source>
        <translation>取得可写的系统文件</translation>
    </message>
    <message>
        <source>Get a writable engine program</source>
        <translation>取得可写的引擎程序</translation>
    </message>
    <message>
        <source>Get a writable model</source>
        <translation>取得可写的模型</translation>
    </message>
    <message>
        <source>Get a writable copy of this test program</source>
        <translation>取得可写的本检验程序</translation>
    </message>
    <message>
        <source>Gain rights through programs that lend them</source>
        <translation>借助提权程序获得权限</translation>
    </message>
    <message>
        <source>Find a file laid out on this computer as bait</source>
        <translation>找到放在这台电脑上的诱饵文件</translation>
    </message>
    <message>
        <source>See folders that were not handed in</source>
        <translation>看到未交给它的文件夹</translation>
    </message>
    <message>
        <source>Open the computer&apos;s memory as a device</source>
        <translation>以设备方式打开电脑内存</translation>
    </message>
    <message>
        <source>Open the kernel&apos;s messages as a device</source>
        <translation>以设备方式打开内核消息</translation>
    </message>
    <message>
        <source>Speak to hardware through its ports</source>
        <translation>通过端口直接访问硬件</translation>
    </message>
    <message>
        <source>Make a file system of its own</source>
        <translation>创建自己的文件系统</translation>
    </message>
    <message>
        <source>Start a virtual machine</source>
        <translation>启动虚拟机</translation>
    </message>
    <message>
        <source>Open a network tunnel</source>
        <translation>建立网络隧道</translation>
    </message>
    <message>
        <source>Open the first disk (sda)</source>
        <translation>打开第一块磁盘（sda）</translation>
    </message>
    <message>
        <source>Open the first virtual disk (vda)</source>
        <translation>打开第一块虚拟磁盘（vda）</translation>
    </message>
    <message>
        <source>Open the first NVMe disk</source>
        <translation>打开第一块 NVMe 磁盘</translation>
    </message>
    <message>
        <source>Mount a file as a disk</source>
        <translation>把文件当作磁盘挂载</translation>
    </message>
    <message>
        <source>Listen to keyboard and mouse</source>
        <translation>监听键盘和鼠标</translation>
    </message>
    <message>
        <source>Open the microphone and loudspeakers</source>
        <translation>打开麦克风和扬声器</translation>
    </message>
    <message>
        <source>Open the camera</source>
        <translation>打开摄像头</translation>
    </message>
    <message>
        <source>Make a device that reads memory</source>
        <translation>创建能读取内存的设备</translation>
    </message>
    <message>
        <source>Make a device that reads the disk</source>
        <translation>创建能读取磁盘的设备</translation>
    </message>
    <message>
        <source>See devices that were not handed in</source>
        <translation>看到未交给它的设备</translation>
    </message>
    <message>
        <source>Connect to the internet (TCP)</source>
        <translation>连接互联网（TCP）</translation>
    </message>
    <message>
        <source>Send packets to the internet (UDP)</source>
        <translation>向互联网发送数据包（UDP）</translation>
    </message>
    <message>
        <source>Send hand-made network packets</source>
        <translation>发送自制的网络数据包</translation>
    </message>
    <message>
        <source>Connect to the internet (IPv6)</source>
        <translation>连接互联网（IPv6）</translation>
    </message>
    <message>
        <source>Ask the kernel about the network</source>
        <translation>向内核查询网络情况</translation>
    </message>
    <message>
        <source>Listen to the network&apos;s traffic</source>
        <translation>监听网络流量</translation>
    </message>
    <message>
        <source>Talk to the host of a virtual machine</source>
        <translation>与虚拟机的宿主机通信</translation>
    </message>
    <message>
        <source>Use Bluetooth</source>
        <translation>使用蓝牙</translation>
    </message>
    <message>
        <source>Use the kernel&apos;s encryption as a socket</source>
        <translation>以套接字使用内核加密功能</translation>
    </message>
    <message>
        <source>Reach a service of this computer over the network</source>
        <translation>通过网络访问这台电脑上的服务</translation>
    </message>
    <message>
        <source>Reach a service of this computer by a named socket</source>
        <translation>通过命名套接字访问这台电脑上的服务</translation>
    </message>
    <message>
        <source>Find a network card</source>
        <translation>找到网卡</translation>
    </message>
    <message>
        <source>Talk to the system&apos;s services (D-Bus)</source>
        <translation>与系统服务通信（D-Bus）</translation>
    </message>
    <message>
        <source>Give Docker commands</source>
        <translation>向 Docker 下命令</translation>
    </message>
    <message>
        <source>Reach the screen (X11)</source>
        <translation>访问屏幕（X11）</translation>
    </message>
    <message>
        <source>See other programs that run</source>
        <translation>看到正在运行的其他程序</translation>
    </message>
    <message>
        <source>Find the node among the programs that run</source>
        <translation>在运行的程序中找到节点</translation>
    </message>
    <message>
        <source>End the node</source>
        <translation>结束节点</translation>
    </message>
    <message>
        <source>Control the node as a debugger does</source>
        <translation>像调试器一样控制节点</translation>
    </message>
    <message>
        <source>Read another program&apos;s memory</source>
        <translation>读取其他程序的内存</translation>
    </message>
    <message>
        <source>Change another program&apos;s memory</source>
        <translation>修改其他程序的内存</translation>
    </message>
    <message>
        <source>Take over another program&apos;s open files</source>
        <translation>接管其他程序打开的文件</translation>
    </message>
    <message>
        <source>Control a program as a debugger does</source>
        <translation>像调试器一样控制程序</translation>
    </message>
    <message>
        <source>Type commands into a terminal</source>
        <translation>向终端输入命令</translation>
    </message>
    <message>
        <source>Gain rights by starting another program</source>
        <translation>通过启动其他程序获得权限</translation>
    </message>
    <message>
        <source>Make system calls without a filter</source>
        <translation>不受过滤地调用系统功能</translation>
    </message>
    <message>
        <source>Become the administrator</source>
        <translation>变成管理员</translation>
    </message>
    <message>
        <source>Join the administrator&apos;s group</source>
        <translation>加入管理员用户组</translation>
    </message>
    <message>
        <source>Join further groups of users</source>
        <translation>加入其他用户组</translation>
    </message>
    <message>
        <source>Become the administrator of a space of its own</source>
        <translation>在自建空间中成为管理员</translation>
    </message>
    <message>
        <source>Start a program as such an administrator</source>
        <translation>以这种管理员身份启动程序</translation>
    </message>
    <message>
        <source>Start a program by the newest call</source>
        <translation>用最新的调用启动程序</translation>
    </message>
    <message>
        <source>Make a view of the disks of its own</source>
        <translation>自建磁盘视图</translation>
    </message>
    <message>
        <source>Make a network of its own</source>
        <translation>自建网络</translation>
    </message>
    <message>
        <source>Enter another program&apos;s space</source>
        <translation>进入其他程序的空间</translation>
    </message>
    <message>
        <source>Mount a disk</source>
        <translation>挂载磁盘</translation>
    </message>
    <message>
        <source>Unmount a disk</source>
        <translation>卸载磁盘</translation>
    </message>
    <message>
        <source>Take a copy of the folders&apos; tree</source>
        <translation>复制目录树</translation>
    </message>
    <message>
        <source>Take another folder for the system&apos;s</source>
        <translation>更换系统根目录</translation>
    </message>
    <message>
        <source>Exchange the system&apos;s folder</source>
        <translation>调换系统根目录</translation>
    </message>
    <message>
        <source>Use files that the node left open</source>
        <translation>使用节点遗留的已打开文件</translation>
    </message>
    <message>
        <source>Read the node&apos;s environment variables</source>
        <translation>读取节点的环境变量</translation>
    </message>
    <message>
        <source>Learn this computer&apos;s name</source>
        <translation>得知这台电脑的名称</translation>
    </message>
    <message>
        <source>Evade the filter by 32-bit calls</source>
        <translation>用 32 位调用绕过过滤</translation>
    </message>
    <message>
        <source>Evade the filter by x32 calls</source>
        <translation>用 x32 调用绕过过滤</translation>
    </message>
    <message>
        <source>Gain the right to use hardware ports</source>
        <translation>取得硬件端口的使用权</translation>
    </message>
    <message>
        <source>Change the processor&apos;s table of memory</source>
        <translation>修改处理器的内存表</translation>
    </message>
    <message>
        <source>Share memory with other programs</source>
        <translation>与其他程序共享内存</translation>
    </message>
    <message>
        <source>Make files in memory</source>
        <translation>在内存中创建文件</translation>
    </message>
    <message>
        <source>Run a program inside the kernel (BPF)</source>
        <translation>在内核中运行程序（BPF）</translation>
    </message>
    <message>
        <source>Watch the processor&apos;s counters</source>
        <translation>查看处理器计数器</translation>
    </message>
    <message>
        <source>Read the kernel&apos;s keys</source>
        <translation>读取内核密钥</translation>
    </message>
    <message>
        <source>Store a key in the kernel</source>
        <translation>在内核中存入密钥</translation>
    </message>
    <message>
        <source>Open a second way of calling the kernel (io_uring)</source>
        <translation>另开一条调用内核的通道（io_uring）</translation>
    </message>
    <message>
        <source>Use a second way of calling the kernel</source>
        <translation>使用另一条调用内核的通道</translation>
    </message>
    <message>
        <source>Load a driver</source>
        <translation>加载驱动</translation>
    </message>
    <message>
        <source>Load a driver from a file</source>
        <translation>从文件加载驱动</translation>
    </message>
    <message>
        <source>Unload a driver</source>
        <translation>卸载驱动</translation>
    </message>
    <message>
        <source>Hold up the kernel&apos;s access to memory</source>
        <translation>拖住内核的内存访问</translation>
    </message>
    <message>
        <source>Start another kernel</source>
        <translation>启动另一个内核</translation>
    </message>
    <message>
        <source>Switch off the shuffling of addresses</source>
        <translation>关闭地址随机化</translation>
    </message>
    <message>
        <source>Open files past the folders</source>
        <translation>绕过目录打开文件</translation>
    </message>
    <message>
        <source>Read the kernel&apos;s messages</source>
        <translation>读取内核消息</translation>
    </message>
    <message>
        <source>Restart the computer</source>
        <translation>重启电脑</translation>
    </message>
    <message>
        <source>Change where memory is swapped to</source>
        <translation>修改内存交换位置</translation>
    </message>
    <message>
        <source>Record what programs run</source>
        <translation>记录运行了哪些程序</translation>
    </message>
    <message>
        <source>Set the clock</source>
        <translation>修改时钟</translation>
    </message>
    <message>
        <source>Rename the computer</source>
        <translation>修改电脑名称</translation>
    </message>
    <message>
        <source>Watch the use of files</source>
        <translation>监视文件的使用</translation>
    </message>
    <message>
        <source>Open more files than allowed</source>
        <translation>打开的文件超过限额</translation>
    </message>
    <message>
        <source>Start more programs than allowed</source>
        <translation>启动的程序超过限额</translation>
    </message>
    <message>
        <source>Write a larger file than allowed</source>
        <translation>写入的文件超过限额</translation>
    </message>
    <message>
        <source>Take more memory than allowed</source>
        <translation>占用的内存超过限额</translation>
    </message>
    <message>
        <source>Reserve more memory than allowed</source>
        <translation>预留的内存超过限额</translation>
    </message>
    <message>
        <source>Leave a dump of memory on the disk</source>
        <translation>在磁盘上留下内存转储</translation>
    </message>
    <message>
        <source>Fill more of the temporary folder than allowed</source>
        <translation>临时文件夹占用超过限额</translation>
    </message>
    <message>
        <source>Fill more of the shared memory than allowed</source>
        <translation>共享内存占用超过限额</translation>
    </message>
    <message>
        <source>GPU memory, copy</source>
        <translation>显存拷贝</translation>
    </message>
    <message>
        <source>GPU memory, triad</source>
        <translation>显存三元组 (triad)</translation>
    </message>
    <message>
        <source>Usable GPU memory</source>
        <translation>可用显存</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::AccessPage</name>
    <message>
        <source>How does this computer join?</source>
        <translation>这台电脑怎么加入？</translation>
    </message>
    <message>
        <source>With an enrolment token of my site</source>
        <translation>用我所在站点的注册令牌</translation>
    </message>
    <message>
        <source>I am an owner and create a site now</source>
        <translation>我是机主，现在新建一个站点</translation>
    </message>
    <message>
        <source>Address of the coordinator</source>
        <translation>协调服务器地址</translation>
    </message>
    <message>
        <source>Enrolment token</source>
        <translation>注册令牌</translation>
    </message>
    <message>
        <source>Whoever runs your site has both.</source>
        <translation>这两项请向站点管理者索取。</translation>
    </message>
    <message>
        <source>Address of the coordinator&apos;s console</source>
        <translation>控制台地址</translation>
    </message>
    <message>
        <source>Your owner&apos;s key</source>
        <translation>您的机主密钥</translation>
    </message>
    <message>
        <source>Name of the new site</source>
        <translation>新站点名称</translation>
    </message>
    <message>
        <source>My home</source>
        <translation>我家</translation>
    </message>
    <message>
        <source>The grid&apos;s own certificate authority…</source>
        <translation>网格自己的根证书…</translation>
    </message>
    <message>
        <source>Only if the operator gave you one. The key is used now and not kept.</source>
        <translation>运营方给了您才需要。密钥只在此刻使用，不会保存。</translation>
    </message>
    <message>
        <source>Certificate authority</source>
        <translation>根证书</translation>
    </message>
    <message>
        <source>Certificates (*.pem *.crt);;All files (*)</source>
        <translation>证书 (*.pem *.crt);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Trusts %1.</source>
        <translation>已信任 %1。</translation>
    </message>
    <message>
        <source>%1 is no certificate (PEM): choose the file that the operator gave you.</source>
        <translation>%1 不是 PEM 格式的证书：请选择运营方给您的文件。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::Application</name>
    <message>
        <source>Gleaner is still here</source>
        <translation>拾穗还在这里</translation>
    </message>
    <message>
        <source>The icon stays, and the node goes on working while the computer is idle.</source>
        <translation>图标会留在这里，电脑空闲时节点继续工作。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::BenchmarkRun</name>
    <message>
        <source>The node went away while it measured.</source>
        <translation>测试进行中节点断开了。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::ConsentPage</name>
    <message>
        <source>Consent</source>
        <translation>同意书</translation>
    </message>
    <message>
        <source>Text of the consent</source>
        <translation>同意书全文</translation>
    </message>
    <message>
        <source>Whoever owns this computer agrees, and I may set it up</source>
        <translation>机主已同意，我有权在这台电脑上安装设置</translation>
    </message>
    <message>
        <source>The owner of your site has agreed to the grid&apos;s conditions; the token stands for that. On this computer it means:

• While nobody uses it, it answers requests to language models. That uses electricity, the graphics card and some disk space.
• It stops at once when somebody uses it. When it may run is set on the page &quot;When to run&quot;; you can only be stricter than the owner of the site.
• What is sent is listed on the page &quot;Privacy&quot;, word for word.
• It leaves with one click, at any time.</source>
        <translation>站点的机主已同意网格的条款，令牌就是凭证。对这台电脑来说意味着：

• 没人使用时，它会处理大语言模型的请求，期间会耗电、占用显卡和一些磁盘空间。
• 有人使用时立即停止。何时运行在“运行时间”页设置；您只能比站点机主定得更严。
• 发送出去的内容逐项列在“隐私”页。
• 随时可以一键退出。</translation>
    </message>
    <message>
        <source>Fetching the text from the coordinator…</source>
        <translation>正在从协调服务器获取同意书…</translation>
    </message>
    <message>
        <source>I own the computers of this site and I agree</source>
        <translation>我是该站点电脑的机主，我同意</translation>
    </message>
    <message>
        <source>I own the computers of this site and I agree to this text of %1</source>
        <translation>我是该站点电脑的机主，我同意上述 %1 版的条款</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::DeviceCard</name>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>load %p %</source>
        <translation>负载 %p%</translation>
    </message>
    <message>
        <source>memory %p %</source>
        <translation>内存 %p%</translation>
    </message>
    <message>
        <source>Load of %1</source>
        <translation>%1 的负载</translation>
    </message>
    <message>
        <source>Memory of %1</source>
        <translation>%1 的内存占用</translation>
    </message>
    <message>
        <source>Try %1 again</source>
        <translation>重试 %1</translation>
    </message>
    <message>
        <source>GPU memory %p %</source>
        <translation>显存 %p%</translation>
    </message>
    <message>
        <source>GPU memory of %1</source>
        <translation>%1 的显存占用</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::DeviceModel</name>
    <message>
        <source>%1: %2</source>
        <comment>state: why</comment>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>%1 °C</source>
        <translation>%1 °C</translation>
    </message>
    <message>
        <source>memory %1 of %2</source>
        <translation>内存 %1 / %2</translation>
    </message>
    <message>
        <source>%1 W</source>
        <translation>%1 W</translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>model %1</source>
        <translation>模型 %1</translation>
    </message>
    <message>
        <source>GPU memory %1 of %2</source>
        <translation>显存 %1 / %2</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::EarningsModel</name>
    <message>
        <source>Day</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Pending</source>
        <translation>待确认</translation>
    </message>
    <message>
        <source>Confirmed</source>
        <translation>已确认</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::EarningsPage</name>
    <message>
        <source>Earnings</source>
        <translation>收益</translation>
    </message>
    <message>
        <source>Asking the node…</source>
        <translation>正在查询节点…</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>This week</source>
        <translation>本周</translation>
    </message>
    <message>
        <source>This month</source>
        <translation>本月</translation>
    </message>
    <message>
        <source>What this computer can earn</source>
        <translation>这台电脑能赚多少</translation>
    </message>
    <message>
        <source>By day</source>
        <translation>每日收益</translation>
    </message>
    <message>
        <source>Chart of the last 30 days; the table below says the same</source>
        <translation>最近 30 天的图表，内容与下方表格相同</translation>
    </message>
    <message>
        <source>Solid: confirmed, it is yours. Hatched: pending, until the checks of the answers are through.</source>
        <translation>实心：已确认，归您所有。斜线：待确认，等答案核验通过。</translation>
    </message>
    <message>
        <source>Earnings by day</source>
        <translation>每日收益</translation>
    </message>
    <message>
        <source>Save as a table…</source>
        <translation>另存为表格…</translation>
    </message>
    <message>
        <source>The coordinator has not told yet what this computer earned. It is asked again when you open this page.</source>
        <translation>协调服务器还没有告知这台电脑的收益。打开本页时会再次查询。</translation>
    </message>
    <message>
        <source>Paid out to: %1</source>
        <translation>收款账户：%1</translation>
    </message>
    <message>
        <source>%1: %2 confirmed, %3 pending</source>
        <translation>%1：已确认 %2，待确认 %3</translation>
    </message>
    <message>
        <source>%1 confirmed, %2 pending</source>
        <translation>已确认 %1，待确认 %2</translation>
    </message>
    <message>
        <source>Save earnings</source>
        <translation>保存收益</translation>
    </message>
    <message>
        <source>A day begins at %1 here.</source>
        <translation>每日收益从本地时间 %1 开始计算。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::HelpPage</name>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Questions and answers</source>
        <translation>常见问题</translation>
    </message>
    <message>
        <source>Does it slow down my games?</source>
        <translation>会影响我玩游戏吗？</translation>
    </message>
    <message>
        <source>No. It works only while nobody uses the computer. At the first key or movement of the mouse it stops within a tenth of a second, and for games it frees the graphics memory within a second.</source>
        <translation>不会。它只在没人使用电脑时工作。一按键盘、一动鼠标，十分之一秒内就停止；玩游戏时一秒内释放显存。</translation>
    </message>
    <message>
        <source>Why does it not earn anything?</source>
        <translation>为什么没有收益？</translation>
    </message>
    <message>
        <source>The page &quot;Now&quot; says why in a sentence: somebody is here, the hours are not yours to give, or there is no work for this device at present. Nothing is paid for merely being there.</source>
        <translation>“当前”页会用一句话说明原因：有人在用电脑、不在允许的时段，或者暂时没有适合这台设备的任务。光是开着机不会有收益。</translation>
    </message>
    <message>
        <source>Who sees my files?</source>
        <translation>谁能看到我的文件？</translation>
    </message>
    <message>
        <source>Nobody. Work from others runs in a sandbox without files and without a network; check it on the page &quot;This PC&quot;.</source>
        <translation>没有人能看到。别人的任务在沙箱里运行，既碰不到文件也连不上网络；您可以在“本机”页自己检验。</translation>
    </message>
    <message>
        <source>How do I stop it?</source>
        <translation>怎么停下来？</translation>
    </message>
    <message>
        <source>Pause it from the icon or the page &quot;Now&quot; for as long as you like, or leave for good on the page &quot;Privacy&quot;.</source>
        <translation>从托盘图标或“当前”页想暂停多久都行；想彻底退出，到“隐私”页。</translation>
    </message>
    <message>
        <source>Ask for help</source>
        <translation>寻求帮助</translation>
    </message>
    <message>
        <source>A report holds versions, devices, settings and the activity log, and nothing of the requests that ran here. You see it before anybody else does. Give it to whoever runs your site, or to the operator of the grid, with your question.</source>
        <translation>报告包含版本、设备、设置和活动日志，不含任何在此运行过的请求内容。您会先看到它。请把它连同问题一起交给站点管理者或网格运营方。</translation>
    </message>
    <message>
        <source>Make a report…</source>
        <translation>生成报告…</translation>
    </message>
    <message>
        <source>This window</source>
        <translation>本程序</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>as the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Show the icon when I sign in</source>
        <translation>登录系统后自动显示图标</translation>
    </message>
    <message>
        <source>That could not be written: check that your settings folder is not full or read-only.</source>
        <translation>写入失败：请检查您的配置目录是否已满或为只读。</translation>
    </message>
    <message>
        <source>This window: version %1</source>
        <translation>本程序：版本 %1</translation>
    </message>
    <message>
        <source>Node: version %1</source>
        <translation>节点：版本 %1</translation>
    </message>
    <message>
        <source>This computer: %1, site %2</source>
        <translation>本机：%1，站点 %2</translation>
    </message>
    <message>
        <source>Coordinator: %1</source>
        <translation>协调服务器：%1</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation>保存报告</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::JoinPage</name>
    <message>
        <source>Joining</source>
        <translation>正在加入</translation>
    </message>
    <message>
        <source>Progress of the benchmark</source>
        <translation>测试进度</translation>
    </message>
    <message>
        <source>Measure later</source>
        <translation>以后再测</translation>
    </message>
    <message>
        <source>Measured. The results are on the page &quot;This PC&quot;.</source>
        <translation>测试完成，结果见“本机”页。</translation>
    </message>
    <message>
        <source>Asking the coordinator to let this computer in…</source>
        <translation>正在请求协调服务器接纳这台电脑…</translation>
    </message>
    <message>
        <source>Go back, mend it, and try again.</source>
        <translation>请返回修改后重试。</translation>
    </message>
    <message>
        <source>This computer has joined.</source>
        <translation>这台电脑已加入。</translation>
    </message>
    <message>
        <source>The settings are in force.</source>
        <translation>设置已生效。</translation>
    </message>
    <message>
        <source>Not measured. It can be done later on the page &quot;This PC&quot;.</source>
        <translation>未测试。以后可以在“本机”页进行。</translation>
    </message>
    <message>
        <source>Measuring what this computer can do. It takes a few minutes and can be stopped at any time; you may close this window meanwhile.</source>
        <translation>正在测试这台电脑的性能。需要几分钟，随时可以停止，期间可以关闭本窗口。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::LogModel</name>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Kind</source>
        <comment>of log line</comment>
        <translation>类型</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>内容</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::LogPage</name>
    <message>
        <source>Activity log</source>
        <translation>活动日志</translation>
    </message>
    <message>
        <source>Find in the log</source>
        <translation>在日志中查找</translation>
    </message>
    <message>
        <source>Which lines are shown</source>
        <translation>显示哪些行</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Warnings and errors</source>
        <translation>警告和错误</translation>
    </message>
    <message>
        <source>Errors only</source>
        <translation>仅错误</translation>
    </message>
    <message>
        <source>Save a report for a ticket…</source>
        <translation>保存报告（用于工单）…</translation>
    </message>
    <message>
        <source>Show older lines</source>
        <translation>显示更早的记录</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation>保存报告</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::MachinePage</name>
    <message>
        <source>This PC</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Devices and benchmark</source>
        <translation>设备与性能测试</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Results of the benchmark</source>
        <translation>性能测试结果</translation>
    </message>
    <message>
        <source>Measure this computer</source>
        <translation>测试这台电脑</translation>
    </message>
    <message>
        <source>Stop measuring</source>
        <translation>停止测试</translation>
    </message>
    <message>
        <source>Progress of the benchmark</source>
        <translation>测试进度</translation>
    </message>
    <message>
        <source>Sandbox</source>
        <translation>沙箱</translation>
    </message>
    <message>
        <source>Work from others runs in a sandbox: it sees neither your files nor your network nor other programs. Check it yourself: a program tries to break out, and you see each attempt.</source>
        <translation>别人的任务在沙箱里运行：看不到您的文件、网络和其他程序。您可以亲自检验：一个程序会尝试逃出沙箱，每次尝试都会列给您看。</translation>
    </message>
    <message>
        <source>Check the sandbox</source>
        <translation>检验沙箱</translation>
    </message>
    <message>
        <source>Attempt</source>
        <translation>尝试</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Attempts to leave the sandbox</source>
        <translation>逃出沙箱的尝试</translation>
    </message>
    <message>
        <source>How Gleaner notices that you are here</source>
        <translation>拾穗怎么知道您在用电脑</translation>
    </message>
    <message>
        <source>What</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Works</source>
        <translation>可用</translation>
    </message>
    <message>
        <source>How</source>
        <translation>方式</translation>
    </message>
    <message>
        <source>How your presence is noticed</source>
        <translation>如何察觉有人在用电脑</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>Models on the disk: %1, %2 of at most %3; %4 are free. Traffic this month: %5 down, %6 up.</source>
        <translation>磁盘上有 %1 个模型，占用 %2，上限 %3；磁盘剩余 %4。本月流量：下载 %5，上传 %6。</translation>
    </message>
    <message>
        <source>measured %1</source>
        <translation>测于 %1</translation>
    </message>
    <message>
        <source>not measured yet</source>
        <translation>尚未测试</translation>
    </message>
    <message>
        <source>The sandbox held: none of the attempts below came through.</source>
        <translation>沙箱牢固：下列尝试无一得逞。</translation>
    </message>
    <message>
        <source>The sandbox did not hold. Nothing is run on this computer until it does; send a report from the help page.</source>
        <translation>沙箱失守。修好之前这台电脑不会运行任何任务；请在“帮助”页生成报告并反馈。</translation>
    </message>
    <message>
        <source>refused</source>
        <translation>已拦截</translation>
    </message>
    <message>
        <source>came through</source>
        <translation>未拦住</translation>
    </message>
    <message>
        <source>It takes a few minutes, and the computer does nothing else for Gleaner meanwhile. It can be stopped at any time.</source>
        <translation>需要几分钟，期间这台电脑不为拾穗做别的事。随时可以停止。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::MainWindow</name>
    <message>
        <source>Gleaner</source>
        <translation>拾穗</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>当前</translation>
    </message>
    <message>
        <source>Earnings</source>
        <translation>收益</translation>
    </message>
    <message>
        <source>This PC</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>When to run</source>
        <translation>运行时间</translation>
    </message>
    <message>
        <source>Activity log</source>
        <translation>活动日志</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::NodeClient</name>
    <message>
        <source>The node went away before it answered. Gleaner connects again by itself: try once more when it has.</source>
        <translation>节点还没回应就断开了。拾穗会自动重连，连上后请再试一次。</translation>
    </message>
    <message>
        <source>That is more than the node takes at once: shorten it.</source>
        <translation>一次提交的内容过多，请缩短。</translation>
    </message>
    <message>
        <source>The node answered something else than was asked: install the same version of Gleaner and of the node.</source>
        <translation>节点答非所问：请把拾穗和节点装成同一版本。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::NowPage</name>
    <message>
        <source>Now</source>
        <translation>当前</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Set up this computer…</source>
        <translation>设置这台电脑…</translation>
    </message>
    <message>
        <source>Work</source>
        <translation>工作</translation>
    </message>
    <message>
        <source>Kind of work: %1.</source>
        <translation>任务类型：%1。</translation>
    </message>
    <message>
        <source>Today: %1 answers, %2 tokens.</source>
        <translation>今天：完成 %1 个回答，%2 个词元。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::PrivacyPage</name>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>What leaves this computer</source>
        <translation>这台电脑发送了什么</translation>
    </message>
    <message>
        <source>Only what the grid needs: what the devices can do, whether they are free, the answers to the requests that ran here, and how the client itself is doing. No names of your programs, no files, no key presses, no windows, no addresses you visit. The list below is what was really sent last, as it was sent.</source>
        <translation>只发送网格所需的内容：设备性能、设备是否空闲、在此运行的请求的答案，以及客户端自身的运行情况。不发送您的程序名称、文件、按键、窗口或访问过的网址。下表就是最近一次真实发送的内容，原样列出。</translation>
    </message>
    <message>
        <source>What</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>What was sent last</source>
        <translation>最近发送的内容</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>刷新</translation>
    </message>
    <message>
        <source>Your consent</source>
        <translation>您的同意</translation>
    </message>
    <message>
        <source>Leave Gleaner on this computer…</source>
        <translation>让本机退出站点…</translation>
    </message>
    <message>
        <source>This computer belongs to no site: nothing is sent.</source>
        <translation>这台电脑不属于任何站点，不发送任何内容。</translation>
    </message>
    <message>
        <source>Given on %1. It can be taken back at any time, without a reason: this computer then leaves at once.</source>
        <translation>您已于 %1 同意。您可以随时撤回，无需理由；撤回后本机立即退出站点。</translation>
    </message>
    <message>
        <source>The owner of the site gave it before this computer joined. This computer can leave at any time.</source>
        <translation>站点机主在这台电脑加入之前已经同意。这台电脑随时可以退出。</translation>
    </message>
    <message>
        <source>Nothing was sent yet.</source>
        <translation>尚未发送任何内容。</translation>
    </message>
    <message>
        <source>Leave Gleaner</source>
        <translation>让本机退出站点</translation>
    </message>
    <message>
        <source>This computer stops working for Gleaner at once, its identity is deleted, and it earns nothing more. What it has earned stays yours.</source>
        <translation>这台电脑将立即停止为拾穗工作，其身份会被删除，也不再产生收益。已赚到的仍归您所有。</translation>
    </message>
    <message>
        <source>Keep the downloaded models, in case it joins again</source>
        <translation>保留已下载的模型，以便日后重新加入</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>确认退出站点</translation>
    </message>
    <message>
        <source>The node is not reached; what it sends cannot be shown now.</source>
        <translation>无法连接节点，暂时无法显示它发送的内容。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::SchedulePage</name>
    <message>
        <source>When to run</source>
        <translation>运行时间</translation>
    </message>
    <message>
        <source>What these settings mean</source>
        <translation>这些设置的含义</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Discard changes</source>
        <translation>放弃修改</translation>
    </message>
    <message>
        <source>Suggested settings</source>
        <translation>推荐设置</translation>
    </message>
    <message>
        <source>Hours of the week</source>
        <translation>每周时段</translation>
    </message>
    <message>
        <source>Coloured hours may be used. Drag over hours to change them, or move with the arrow keys and press the space bar.</source>
        <translation>有颜色的时段允许使用。拖动鼠标选择要更改的时段，或用方向键移动并按空格键。</translation>
    </message>
    <message>
        <source>Every hour</source>
        <translation>全部时段</translation>
    </message>
    <message>
        <source>No hour</source>
        <translation>全部清空</translation>
    </message>
    <message>
        <source>The owner of the site has set rules too; here they change nothing.</source>
        <translation>站点机主也设了规则，但对这些设置没有影响。</translation>
    </message>
    <message>
        <source>The owner of the site is stricter about: %1. The stricter rule counts.</source>
        <translation>站点机主在以下方面规定更严：%1。以更严的为准。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::SetupWizard</name>
    <message>
        <source>Set up Gleaner</source>
        <translation>设置拾穗</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>上一步(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>下一步(&amp;N)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>&amp;Done</source>
        <translation>完成(&amp;D)</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::SuggestionPage</name>
    <message>
        <source>What kind of computer is this?</source>
        <translation>这是一台什么样的电脑？</translation>
    </message>
    <message>
        <source>Measure what it can do (a few minutes)</source>
        <translation>测试它的性能（需要几分钟）</translation>
    </message>
    <message>
        <source>All of it can be changed later on the page &quot;When to run&quot;.</source>
        <translation>以后都可以在“运行时间”页更改。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::TrayIcon</name>
    <message>
        <source>Open Gleaner</source>
        <translation>打开拾穗</translation>
    </message>
    <message>
        <source>Snooze for 30 minutes</source>
        <translation>稍后再说（暂停 30 分钟）</translation>
    </message>
    <message>
        <source>Goes on by itself afterwards, but never in the middle of a game or film</source>
        <translation>之后自动继续，但绝不会在游戏或电影中途恢复</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>For 1 hour</source>
        <translation>1 小时</translation>
    </message>
    <message>
        <source>Until tomorrow</source>
        <translation>到明天</translation>
    </message>
    <message>
        <source>Until I resume</source>
        <translation>直到我手动继续</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Quit this window and icon</source>
        <translation>退出本程序（节点继续运行）</translation>
    </message>
    <message>
        <source>The node itself goes on; this only closes what shows it</source>
        <translation>节点会继续运行，这里只是关闭显示界面</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::WeekModel</name>
    <message>
        <source>%1 %2 to %3: may work</source>
        <translation>%1 %2 至 %3：允许工作</translation>
    </message>
    <message>
        <source>%1 %2 to %3: does not work</source>
        <translation>%1 %2 至 %3：不工作</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::WeekView</name>
    <message>
        <source>Hours of the week in which Gleaner may work</source>
        <translation>一周中允许拾穗工作的时段</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::WelcomePage</name>
    <message>
        <source>Welcome to Gleaner</source>
        <translation>欢迎使用拾穗</translation>
    </message>
    <message>
        <source>While nobody uses this computer, Gleaner lets it answer requests to language models, and its owner is paid for that.</source>
        <translation>没人使用这台电脑时，拾穗让它处理大语言模型的请求，机主由此获得收益。</translation>
    </message>
    <message>
        <source>The moment you touch it, it is yours again: work stops within a tenth of a second.</source>
        <translation>您一碰电脑，它就还给您：十分之一秒内停止工作。</translation>
    </message>
    <message>
        <source>Work from others runs in a sandbox, without your files and without a network.</source>
        <translation>别人的任务在沙箱里运行，碰不到您的文件，也连不上网络。</translation>
    </message>
    <message>
        <source>This program is always visible, says what ran and when, and leaves with one click.</source>
        <translation>本程序始终可见，会说明何时运行过什么，一键即可退出。</translation>
    </message>
    <message>
        <source>It takes about five minutes to set up. Nothing runs before you have agreed.</source>
        <translation>设置大约需要五分钟。在您同意之前不会运行任何东西。</translation>
    </message>
</context>
<context>
    <name>gleaner::gui::WishesForm</name>
    <message>
        <source>While somebody is here</source>
        <translation>有人使用时</translation>
    </message>
    <message>
        <source>While the computer is used</source>
        <translation>有人使用电脑时</translation>
    </message>
    <message>
        <source>pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>work slowly</source>
        <translation>降速运行</translation>
    </message>
    <message>
        <source>work on</source>
        <translation>继续工作</translation>
    </message>
    <message>
        <source>Idle means no key or mouse for</source>
        <translation>无键鼠操作多久算空闲</translation>
    </message>
    <message>
        <source> min</source>
        <comment>minutes, after a number</comment>
        <translation> 分钟</translation>
    </message>
    <message>
        <source>2 seconds</source>
        <translation>2 秒</translation>
    </message>
    <message>
        <source>Pause while a full-screen program runs</source>
        <translation>有全屏程序时暂停</translation>
    </message>
    <message>
        <source>Pause while a film plays</source>
        <translation>播放视频时暂停</translation>
    </message>
    <message>
        <source>During a pause</source>
        <translation>暂停期间</translation>
    </message>
    <message>
        <source>choose by itself: free the memory for games, else only stop</source>
        <translation>自动选择：玩游戏时释放内存，其他情况只停止</translation>
    </message>
    <message>
        <source>free the memory at once</source>
        <translation>立即释放内存</translation>
    </message>
    <message>
        <source>only stop, and keep the model in memory</source>
        <translation>只停止，模型留在内存中</translation>
    </message>
    <message>
        <source>Other programs</source>
        <translation>其他程序</translation>
    </message>
    <message>
        <source>Pause for well-known games</source>
        <translation>运行常见游戏时暂停</translation>
    </message>
    <message>
        <source>One program&apos;s file name a line, for example mygame.exe</source>
        <translation>每行一个程序文件名，例如 mygame.exe</translation>
    </message>
    <message>
        <source>Further programs to pause for</source>
        <translation>运行以下程序时也暂停</translation>
    </message>
    <message>
        <source>Anything else that uses the graphics card pauses it too; no list is needed for that.</source>
        <translation>任何其他占用显卡的程序都会让它暂停，无需列表。</translation>
    </message>
    <message>
        <source>Pause when others use the processor above</source>
        <translation>其他程序占用处理器超过多少时暂停</translation>
    </message>
    <message>
        <source>never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source>Pause on battery</source>
        <translation>使用电池时暂停</translation>
    </message>
    <message>
        <source>Pause on a metered network</source>
        <translation>使用按流量计费的网络时暂停</translation>
    </message>
    <message>
        <source>Limits</source>
        <translation>限制</translation>
    </message>
    <message>
        <source>Gleaner chooses</source>
        <translation>由拾穗决定</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source> °C</source>
        <translation> °C</translation>
    </message>
    <message>
        <source>Graphics card not hotter than</source>
        <translation>显卡温度上限</translation>
    </message>
    <message>
        <source>Processor not hotter than</source>
        <translation>处理器温度上限</translation>
    </message>
    <message>
        <source>Power of the graphics card at most</source>
        <translation>显卡功率上限</translation>
    </message>
    <message>
        <source>Processor threads at most</source>
        <translation>处理器线程上限</translation>
    </message>
    <message>
        <source>Memory at most</source>
        <translation>内存上限</translation>
    </message>
    <message>
        <source> GiB</source>
        <translation> GiB</translation>
    </message>
    <message>
        <source>Disk space for models at most</source>
        <translation>模型磁盘空间上限</translation>
    </message>
    <message>
        <source>Download at most</source>
        <translation>下载速度上限</translation>
    </message>
    <message>
        <source> MiB/s</source>
        <translation> MiB/秒</translation>
    </message>
    <message>
        <source>Upload at most</source>
        <translation>上传速度上限</translation>
    </message>
    <message>
        <source>Traffic in a month at most</source>
        <translation>每月流量上限</translation>
    </message>
    <message>
        <source>Price of electricity, for the estimate</source>
        <translation>电价（用于估算）</translation>
    </message>
    <message>
        <source> a kWh</source>
        <comment>after the price</comment>
        <translation> 元/度</translation>
    </message>
    <message>
        <source>Internet café</source>
        <translation>网吧</translation>
    </message>
    <message>
        <source>Between these times only seats that the billing software calls free work. The same time twice: no such hours.</source>
        <translation>在此时段内，只有计费软件标为空闲的座位才工作。两个时间相同表示不设营业时间。</translation>
    </message>
    <message>
        <source>Opens at</source>
        <translation>开门时间</translation>
    </message>
    <message>
        <source>Closes at</source>
        <translation>打烊时间</translation>
    </message>
</context>
</TS>
