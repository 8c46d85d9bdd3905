import{o,H as a}from"./index-g5H7WGF9.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
